/* Bytes of blocks: CRC-32 and values whose bytes stand in planes. Part of compiled.c, which includes this file.
 *
 * CRC-32 is the checksum of zlib and gzip: polynomial 0xEDB88320 (reflected), begun and ended with a complement. Where
 * x86 multiplies without carries, 64 bytes are folded at a time as in Gopal and others, "Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction" (Intel, 2009), whose constants for this polynomial are below; ARM
 * has an instruction for it; elsewhere eight tables are asked. A block of 14 kB took zlib 1.2.13 as long as unpacking
 * it, and takes a tenth of that folded. */

#if CRC_X86
#include <immintrin.h>
#endif

static uint32_t sum_tables[8][256];
static uint32_t (*sum_best)(uint32_t, const uint8_t *, size_t);

static uint32_t sum_portable(uint32_t sum, const uint8_t *at, size_t n)
{
    for (; n >= 8; n -= 8, at += 8) {
        uint64_t word = load_u64(at) ^ sum;
        sum = sum_tables[7][word & 255] ^ sum_tables[6][word >> 8 & 255] ^ sum_tables[5][word >> 16 & 255] ^
              sum_tables[4][word >> 24 & 255] ^ sum_tables[3][word >> 32 & 255] ^ sum_tables[2][word >> 40 & 255] ^
              sum_tables[1][word >> 48 & 255] ^ sum_tables[0][word >> 56];
    }
    for (; n > 0; n--, at++)
        sum = sum >> 8 ^ sum_tables[0][(sum ^ *at) & 255];
    return sum;
}

#if CRC_X86
#define FOLDING __attribute__((target("pclmul,sse4.1")))

/* What `past` comes to 128 bits (or with other `powers` 512) further on, and `next` added. */
FOLDING static __m128i fold(__m128i past, __m128i next, __m128i powers)
{
    __m128i low = _mm_clmulepi64_si128(past, powers, 0x00), high = _mm_clmulepi64_si128(past, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

static __m128i FOLDING load_128(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

FOLDING static uint32_t sum_folding(uint32_t sum, const uint8_t *at, size_t n)
{
    if (n < 64)
        return sum_portable(sum, at, n);
    const __m128i by_512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
    const __m128i by_128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    const __m128i by_64 = _mm_set_epi64x(0, 0x0163cd6124);
    const __m128i reduce = _mm_set_epi64x(0x01f7011641, 0x01db710641); /* the quotient's, and the polynomial */
    const __m128i low_32 = _mm_set_epi32(0, -1, 0, -1);
    __m128i a = _mm_xor_si128(load_128(at), _mm_cvtsi32_si128((int)sum)), b = load_128(at + 16);
    __m128i c = load_128(at + 32), d = load_128(at + 48);
    for (at += 64, n -= 64; n >= 64; at += 64, n -= 64) {
        a = fold(a, load_128(at), by_512);
        b = fold(b, load_128(at + 16), by_512);
        c = fold(c, load_128(at + 32), by_512);
        d = fold(d, load_128(at + 48), by_512);
    }
    a = fold(fold(fold(a, b, by_128), c, by_128), d, by_128);
    for (; n >= 16; at += 16, n -= 16)
        a = fold(a, load_128(at), by_128);
    /* 128 bits to 96 and 64, and those to 32 by a multiplication instead of a division (Barrett). */
    a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by_128, 0x10));
    a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low_32), by_64, 0x00));
    b = _mm_clmulepi64_si128(_mm_and_si128(a, low_32), reduce, 0x10);
    b = _mm_clmulepi64_si128(_mm_and_si128(b, low_32), reduce, 0x00);
    sum = (uint32_t)_mm_extract_epi32(_mm_xor_si128(a, b), 1);
    return sum_portable(sum, at, n);
}
#elif CRC_ARM
static uint32_t sum_instruction(uint32_t sum, const uint8_t *at, size_t n)
{
    for (; n >= 8; n -= 8, at += 8)
        sum = __crc32d(sum, load_u64(at));
    for (; n > 0; n--, at++)
        sum = __crc32b(sum, *at);
    return sum;
}
#endif

/* Called with the interpreter lock held, before anything else here. */
static void sum_prepare(void)
{
    if (sum_best)
        return;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t sum = byte;
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
        sum_tables[0][byte] = sum;
    }
    for (int table = 1; table < 8; table++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t sum = sum_tables[table - 1][byte];
            sum_tables[table][byte] = sum >> 8 ^ sum_tables[0][sum & 255];
        }
#if CRC_X86
    sum_best = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") ? sum_folding : sum_portable;
#elif CRC_ARM
    sum_best = sum_instruction;
#else
    sum_best = sum_portable;
#endif
}

/* crc32(data, start=0, portable=False): the checksum of `data` from byte `start` on. */
static PyObject *crc32(PyObject *module, PyObject *arguments)
{
    Py_buffer data;
    Py_ssize_t start = 0;
    int portable = 0;
    uint32_t sum = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*|np", &data, &start, &portable))
        return NULL;
    int fits = start >= 0 && start <= data.len;
    if (fits) {
        const uint8_t *at = (const uint8_t *)data.buf + start;
        size_t n = (size_t)(data.len - start);
        sum_prepare();
        if (n < 65536) { /* letting go of the lock and taking it again costs more */
            sum = ~(portable ? sum_portable : sum_best)(~sum, at, n);
        } else {
            Py_BEGIN_ALLOW_THREADS
            sum = ~(portable ? sum_portable : sum_best)(~sum, at, n);
            Py_END_ALLOW_THREADS
        }
    } else {
        PyErr_Format(PyExc_ValueError, "byte %zd of %zd", start, data.len);
    }
    PyBuffer_Release(&data);
    return fits ? PyLong_FromUnsignedLong(sum) : NULL;
}

/* read_planes(data, start, width, n, unpack, out): from byte `start` on, `data` has `width` sizes u32 and as many planes
 * of n bytes: as they are where the size is 0, else so many bytes that unpack(bytes) makes the plane of. `out` uint8[n
 * * width] gets the values. */
static PyObject *read_planes(PyObject *module, PyObject *arguments)
{
    Py_buffer data, out;
    PyObject *unpack, *unpacked[8] = {NULL};
    const uint8_t *planes[8];
    Py_ssize_t start, width, n;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*nnnOw*", &data, &start, &width, &n, &unpack, &out))
        return NULL;
    int fits = (width == 1 || width == 2 || width == 4 || width == 8) && n >= 0 && n <= PY_SSIZE_T_MAX / 8;
    if (!fits)
        PyErr_Format(PyExc_ValueError, "%zd values of %zd bytes", n, width);
    fits = fits && has_length(&out, n, width);
    if (fits && (start < 0 || start > data.len || data.len - start < 4 * width)) {
        PyErr_Format(PyExc_ValueError, "sizes of planes at byte %zd of %zd", start, data.len);
        fits = 0;
    }
    Py_ssize_t at = start + 4 * width;
    for (Py_ssize_t i = 0; fits && i < width; i++) {
        const uint8_t *bytes = data.buf;
        Py_ssize_t size = (Py_ssize_t)load_u32(bytes + start + 4 * i), length = size ? size : n;
        if (length > data.len - at) {
            PyErr_Format(PyExc_ValueError, "a plane of %zd bytes where %zd are left", length, data.len - at);
            fits = 0;
        } else if (!size) {
            planes[i] = bytes + at;
        } else {
            PyObject *packed = PyBytes_FromStringAndSize((const char *)bytes + at, size);
            unpacked[i] = packed == NULL ? NULL : PyObject_CallFunctionObjArgs(unpack, packed, NULL);
            Py_XDECREF(packed);
            fits = unpacked[i] != NULL;
            if (fits && (!PyBytes_Check(unpacked[i]) || PyBytes_Size(unpacked[i]) != n)) {
                PyErr_Format(PyExc_ValueError, "a plane that is no bytes object of %zd bytes", n);
                fits = 0;
            }
            planes[i] = fits ? (const uint8_t *)PyBytes_AsString(unpacked[i]) : NULL;
        }
        at += length;
    }
    if (fits) {
        if (n < 65536) {
            join_planes(planes, width, out.buf, n);
        } else {
            Py_BEGIN_ALLOW_THREADS
            join_planes(planes, width, out.buf, n);
            Py_END_ALLOW_THREADS
        }
    }
    for (int i = 0; i < 8; i++)
        Py_XDECREF(unpacked[i]);
    PyBuffer_Release(&data);
    PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}
