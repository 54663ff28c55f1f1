/* CRC-32C, the framing of TFRecord files and the walk over event files: part of compiled.c, which includes this file.
 *
 * CRC-32C is Castagnoli's polynomial, reflected (0x82F63B78), begun and ended with a complement. Processors that have
 * an instruction for it are asked at run time (x86) or were named at compilation (ARM); the others get eight tables. */

#if defined(__x86_64__) && defined(__GNUC__)
#define CRC_X86 1
#elif defined(__ARM_FEATURE_CRC32) && defined(__GNUC__)
#define CRC_ARM 1
#include <arm_acle.h>
#endif

static uint32_t crc_tables[8][256];
static uint32_t (*crc_best)(uint32_t, const uint8_t *, size_t);

static uint64_t load_u64(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store_u64(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static void store_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t crc_portable(uint32_t crc, const uint8_t *at, size_t n)
{
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word = load_u64(at) ^ crc;
        crc = crc_tables[7][word & 255] ^ crc_tables[6][word >> 8 & 255] ^ crc_tables[5][word >> 16 & 255] ^
              crc_tables[4][word >> 24 & 255] ^ crc_tables[3][word >> 32 & 255] ^ crc_tables[2][word >> 40 & 255] ^
              crc_tables[1][word >> 48 & 255] ^ crc_tables[0][word >> 56];
    }
    for (; n > 0; n--, at++)
        crc = crc >> 8 ^ crc_tables[0][(crc ^ *at) & 255];
    return crc;
}

#if CRC_X86
__attribute__((target("sse4.2"))) static uint32_t crc_instruction(uint32_t crc, const uint8_t *at, size_t n)
{
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    if (n & 4) {
        uint32_t word;
        memcpy(&word, at, 4);
        crc = __builtin_ia32_crc32si(crc, word);
        at += 4;
    }
    for (n &= 3; n > 0; n--, at++)
        crc = __builtin_ia32_crc32qi(crc, *at);
    return crc;
}
#elif CRC_ARM
static uint32_t crc_instruction(uint32_t crc, const uint8_t *at, size_t n)
{
    for (; n >= 8; n -= 8, at += 8)
        crc = __crc32cd(crc, load_u64(at));
    for (; n > 0; n--, at++)
        crc = __crc32cb(crc, *at);
    return crc;
}
#endif

/* Called with the interpreter lock held, before anything else here. */
static void crc_prepare(void)
{
    if (crc_best)
        return;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
        crc_tables[0][byte] = crc;
    }
    for (int table = 1; table < 8; table++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = crc_tables[table - 1][byte];
            crc_tables[table][byte] = crc >> 8 ^ crc_tables[0][crc & 255];
        }
#if CRC_X86
    crc_best = __builtin_cpu_supports("sse4.2") ? crc_instruction : crc_portable;
#elif CRC_ARM
    crc_best = crc_instruction;
#else
    crc_best = crc_portable;
#endif
}

static uint32_t crc_of(const uint8_t *at, size_t n)
{
    return ~crc_best(0xFFFFFFFFu, at, n);
}

static uint32_t masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

/* crc32c(data, crc, portable): the checksum of `data` after bytes whose checksum is `crc`. */
static PyObject *crc32c(PyObject *module, PyObject *arguments)
{
    Py_buffer data;
    unsigned int crc = 0;
    int portable = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*|Ip", &data, &crc, &portable))
        return NULL;
    crc_prepare();
    if (data.len < 4096) { /* letting go of the lock and taking it again costs more */
        crc = ~(portable ? crc_portable : crc_best)(~crc, data.buf, (size_t)data.len);
    } else {
        Py_BEGIN_ALLOW_THREADS
        crc = ~(portable ? crc_portable : crc_best)(~crc, data.buf, (size_t)data.len);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLong(crc);
}

#define RECORD_HEAD 12 /* length u64, masked checksum of it u32 */
#define RECORD_OVERHEAD 16

/* frame_records(payloads): the records of a list of bytes, one after the other. */
static PyObject *frame_records(PyObject *module, PyObject *payloads)
{
    Py_ssize_t n, total = 0;
    (void)module;
    if (!PyList_Check(payloads)) {
        PyErr_SetString(PyExc_TypeError, "expected a list of bytes");
        return NULL;
    }
    n = PyList_Size(payloads);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *payload = PyList_GetItem(payloads, i);
        if (!PyBytes_Check(payload)) {
            PyErr_SetString(PyExc_TypeError, "expected a list of bytes");
            return NULL;
        }
        if (PyBytes_Size(payload) > PY_SSIZE_T_MAX - total - RECORD_OVERHEAD)
            return PyErr_NoMemory();
        total += PyBytes_Size(payload) + RECORD_OVERHEAD;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, total);
    if (!made)
        return NULL;
    crc_prepare();
    uint8_t *at = (uint8_t *)PyBytes_AsString(made);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *payload = PyList_GetItem(payloads, i);
        size_t size = (size_t)PyBytes_Size(payload);
        const uint8_t *bytes = (const uint8_t *)PyBytes_AsString(payload);
        store_u64(at, size);
        store_u32(at + 8, masked(crc_of(at, 8)));
        memcpy(at + RECORD_HEAD, bytes, size);
        store_u32(at + RECORD_HEAD + size, masked(crc_of(bytes, size)));
        at += size + RECORD_OVERHEAD;
    }
    return made;
}

/* find_length(data, start): the first offset from `start` on whose 12 bytes are a length and its checksum, -1 without
 * one. */
static PyObject *find_length(PyObject *module, PyObject *arguments)
{
    Py_buffer data;
    Py_ssize_t start, found = -1;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*n", &data, &start))
        return NULL;
    crc_prepare();
    Py_BEGIN_ALLOW_THREADS
    const uint8_t *bytes = data.buf;
    for (Py_ssize_t at = start < 0 ? 0 : start; at <= data.len - RECORD_HEAD; at++) {
        if (masked(crc_of(bytes + at, 8)) == load_u32(bytes + at + 8)) {
            found = at;
            break;
        }
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&data);
    return PyLong_FromSsize_t(found);
}
