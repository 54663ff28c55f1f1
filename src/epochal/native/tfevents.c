/* CRC-32C, the framing of TFRecord files and the walk over event files: part of compiled.c, which includes this file.
 *
 * CRC-32C is Castagnoli's polynomial, reflected (0x82F63B78), begun and ended with a complement. Processors that have
 * an instruction for it are asked at run time (x86) or were named at compilation (ARM); the others get eight tables. */

#include <stddef.h>
#include <stdlib.h>

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
/* As assembly, because a function for another processor would not be inlined where records are walked. */
static inline uint32_t crc_instruction(uint32_t crc, const uint8_t *at, size_t n)
{
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, at += 8)
        __asm__("crc32q %1, %0" : "+r"(wide) : "r"(load_u64(at)));
    crc = (uint32_t)wide;
    if (n & 4) {
        __asm__("crc32l %1, %0" : "+r"(crc) : "r"(load_u32(at)));
        at += 4;
    }
    for (n &= 3; n > 0; n--, at++)
        __asm__("crc32b %1, %0" : "+r"(crc) : "q"(*at));
    return crc;
}
#elif CRC_ARM
static inline uint32_t crc_instruction(uint32_t crc, const uint8_t *at, size_t n)
{
    for (; n >= 8; n -= 8, at += 8)
        crc = __crc32cd(crc, load_u64(at));
    for (; n > 0; n--, at++)
        crc = __crc32cb(crc, *at);
    return crc;
}
#else
#define crc_instruction crc_portable
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

/* Put the head before a payload of `size` bytes that stands where it belongs, and its checksum behind it; returns the end
 * of the record that begins at `at`. */
static uint8_t *close_record(uint8_t *at, size_t size)
{
    uint8_t *payload = at + RECORD_HEAD, *end = payload + size;
    store_u64(at, size);
    store_u32(at + 8, masked(crc_of(at, 8)));
    store_u32(end, masked(crc_of(payload, size)));
    return end + 4;
}

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
        memcpy(at + RECORD_HEAD, PyBytes_AsString(payload), size);
        at = close_record(at, size);
    }
    return made;
}

/* A scalar of frame_events: what stands between its step and its value (borrowed from a dict), and the step. */
typedef struct {
    PyObject *head;
    uint64_t step;
} Scalar;

static Py_ssize_t varint_size(uint64_t value)
{
    Py_ssize_t n = 1;
    for (; value > 127; value >>= 7)
        n++;
    return n;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value > 127; value >>= 7)
        *at++ = (uint8_t)(value | 128);
    *at++ = (uint8_t)value;
    return at;
}

/* Look up the head of a scalar (tag, step, time, value), or have it made. Returns the size of its event, -1 on an error. */
static Py_ssize_t open_scalar(PyObject *item, PyObject *heads, PyObject *make, Scalar *scalar)
{
    if (!PyTuple_Check(item) || PyTuple_Size(item) != 4) {
        PyErr_SetString(PyExc_TypeError, "expected bytes, or a tag, a step, a time and a value");
        return -1;
    }
    PyObject *tag = PyTuple_GetItem(item, 0);
    PyObject *head = PyDict_GetItemWithError(heads, tag);
    if (head == NULL) {
        if (PyErr_Occurred() || (head = PyObject_CallFunctionObjArgs(make, tag, NULL)) == NULL)
            return -1;
        int failed = PyDict_SetItem(heads, tag, head);
        Py_DECREF(head); /* the dict holds it */
        if (failed)
            return -1;
    }
    if (!PyBytes_Check(head)) {
        PyErr_SetString(PyExc_TypeError, "the head of a scalar is bytes");
        return -1;
    }
    long long step = PyLong_AsLongLong(PyTuple_GetItem(item, 1));
    if (step == -1 && PyErr_Occurred())
        return -1;
    scalar->head = head;
    scalar->step = (uint64_t)step;
    return 9 + (step ? 1 + varint_size(scalar->step) : 0) + PyBytes_Size(head) + 4;
}

/* Write the event of a scalar; returns its end, NULL on an error. */
static uint8_t *put_scalar(uint8_t *at, PyObject *item, const Scalar *scalar)
{
    double time = PyFloat_AsDouble(PyTuple_GetItem(item, 2));
    if (time == -1.0 && PyErr_Occurred())
        return NULL;
    double value = PyFloat_AsDouble(PyTuple_GetItem(item, 3));
    if (value == -1.0 && PyErr_Occurred())
        return NULL;
    float narrow = (float)value; /* infinite beyond float32, as protobuf stores it */
    uint64_t wide;
    uint32_t word;
    memcpy(&wide, &time, 8);
    memcpy(&word, &narrow, 4);
    *at++ = 0x09; /* wall_time */
    store_u64(at, wide);
    at += 8;
    if (scalar->step) {
        *at++ = 0x10; /* step, which protobuf leaves out when it is 0 */
        at = put_varint(at, scalar->step);
    }
    size_t size = (size_t)PyBytes_Size(scalar->head);
    memcpy(at, PyBytes_AsString(scalar->head), size);
    store_u32(at + size, word);
    return at + size + 4;
}

static PyObject *write_events(PyObject *items, PyObject *heads, PyObject *make, Scalar *scalars)
{
    Py_ssize_t n = PyList_Size(items), total = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyList_GetItem(items, i);
        Py_ssize_t size = PyBytes_Check(item) ? PyBytes_Size(item) : open_scalar(item, heads, make, &scalars[i]);
        if (size < 0)
            return NULL;
        if (size > PY_SSIZE_T_MAX - total - RECORD_OVERHEAD)
            return PyErr_NoMemory();
        total += size + RECORD_OVERHEAD;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, total);
    if (!made)
        return NULL;
    crc_prepare();
    uint8_t *at = (uint8_t *)PyBytes_AsString(made);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyList_GetItem(items, i);
        uint8_t *body = at + RECORD_HEAD, *end;
        if (PyBytes_Check(item)) {
            end = body + PyBytes_Size(item);
            memcpy(body, PyBytes_AsString(item), (size_t)PyBytes_Size(item));
        } else if ((end = put_scalar(body, item, &scalars[i])) == NULL) {
            Py_DECREF(made);
            return NULL;
        }
        at = close_record(at, (size_t)(end - body));
    }
    return made;
}

/* frame_events(items, heads, make): the records of a list, nobody else's, of encoded events (bytes) and of scalars
 * (tag, step, time, value). heads: {tag: the bytes of an event between its step and its value}; make(tag) makes one. */
static PyObject *frame_events(PyObject *module, PyObject *arguments)
{
    PyObject *items, *heads, *make;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!O", &PyList_Type, &items, &PyDict_Type, &heads, &make))
        return NULL;
    Scalar *scalars = PyMem_Malloc((size_t)(PyList_Size(items) + 1) * sizeof(Scalar));
    if (!scalars)
        return PyErr_NoMemory();
    PyObject *made = write_events(items, heads, make, scalars);
    PyMem_Free(scalars);
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

/* ------------------------------------------------------------------------------------------------ names of columns */

/* Every (kind, tag) seen gets a number, in the order in which they appear. Tags follow each other in the same order all
 * through most files, so the one after the last is looked at first. */
typedef struct {
    uint64_t hash;
    size_t name; /* offset in the arena */
    uint32_t length;
    uint32_t follower;
    uint64_t row; /* the last one with a value, so that a row gets no second one */
    char kind;    /* d float64, q int64, ? bool; s: tensors of this tag are scalars, as its metadata has said once */
} Entry;

typedef struct {
    Entry *entries;
    uint32_t *slots; /* number + 1, 0 where free */
    uint8_t *arena;
    size_t count, room, slot_mask, arena_size, arena_room;
    uint64_t seed;
    uint64_t rows; /* emitted so far, in all walks */
    uint32_t last;
} Names;

#define NAMES "epochal.native.names"
#define NO_ENTRY UINT32_MAX
#define MOST_ENTRIES (1u << 24)

static void free_names(PyObject *capsule)
{
    Names *names = PyCapsule_GetPointer(capsule, NAMES);
    if (names) {
        free(names->entries);
        free(names->slots);
        free(names->arena);
        free(names);
    }
}

/* new_names(seed): an empty table; the seed keeps a file from knowing which tags collide. */
static PyObject *new_names(PyObject *module, PyObject *arguments)
{
    unsigned long long seed;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "K", &seed))
        return NULL;
    Names *names = calloc(1, sizeof *names);
    if (!names)
        return PyErr_NoMemory();
    names->seed = seed;
    names->room = 64;
    names->slot_mask = 255;
    names->arena_room = 4096;
    names->last = NO_ENTRY;
    names->entries = malloc(names->room * sizeof *names->entries);
    names->slots = calloc(names->slot_mask + 1, sizeof *names->slots);
    names->arena = malloc(names->arena_room);
    PyObject *capsule = NULL;
    if (!names->entries || !names->slots || !names->arena)
        PyErr_NoMemory();
    else
        capsule = PyCapsule_New(names, NAMES, free_names);
    if (!capsule) {
        free(names->entries);
        free(names->slots);
        free(names->arena);
        free(names);
    }
    return capsule;
}

/* list_names(names, start): the names from number `start` on, each its kind and then the tag as bytes. */
static PyObject *list_names(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_ssize_t start;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "On", &capsule, &start))
        return NULL;
    Names *names = PyCapsule_GetPointer(capsule, NAMES);
    if (!names)
        return NULL;
    PyObject *list = PyList_New(0);
    for (size_t i = start < 0 ? 0 : (size_t)start; list && i < names->count; i++) {
        Entry *entry = &names->entries[i];
        PyObject *name = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)entry->length + 1);
        if (name) {
            char *bytes = PyBytes_AsString(name);
            bytes[0] = entry->kind;
            memcpy(bytes + 1, names->arena + entry->name, entry->length);
        }
        if (!name || PyList_Append(list, name) < 0) {
            Py_DECREF(list);
            list = NULL;
        }
        Py_XDECREF(name);
    }
    return list;
}

static uint32_t look_up(Names *names, char kind, const uint8_t *tag, size_t length, int add);

/* know_scalar(names, tag): tensors of this tag are scalars also where no metadata says so. */
static PyObject *know_scalar(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_buffer tag;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oy*", &capsule, &tag))
        return NULL;
    Names *names = PyCapsule_GetPointer(capsule, NAMES);
    if (names)
        look_up(names, 's', tag.buf, (size_t)tag.len, 1);
    PyBuffer_Release(&tag);
    if (!names)
        return NULL;
    Py_RETURN_NONE;
}

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= 0xD6E8FEB86659FD93u;
    value ^= value >> 29;
    value *= 0xCA4F6D1B2C8E5B35u;
    return value ^ value >> 32;
}

static uint64_t hash_of(const Names *names, char kind, const uint8_t *tag, size_t length)
{
    uint64_t hash = mix(names->seed ^ (uint64_t)(uint8_t)kind << 56 ^ length);
    for (; length >= 8; length -= 8, tag += 8)
        hash = mix(hash ^ load_u64(tag)) + names->seed;
    uint64_t rest = 0;
    for (size_t i = 0; i < length; i++)
        rest |= (uint64_t)tag[i] << (8 * i);
    return mix(hash ^ rest);
}

static inline int same_bytes(const uint8_t *one, const uint8_t *other, size_t n)
{
    for (; n >= 8; n -= 8, one += 8, other += 8)
        if (load_u64(one) != load_u64(other))
            return 0;
    if (n & 4) {
        if (load_u32(one) != load_u32(other))
            return 0;
        one += 4, other += 4;
    }
    for (n &= 3; n > 0; n--)
        if (*one++ != *other++)
            return 0;
    return 1;
}

static inline int is_entry(const Names *names, uint32_t number, char kind, const uint8_t *tag, size_t length)
{
    const Entry *entry = &names->entries[number];
    return entry->kind == kind && entry->length == length && same_bytes(names->arena + entry->name, tag, length);
}

static int grow_names(Names *names, size_t length)
{
    if (names->count == names->room) {
        Entry *entries = realloc(names->entries, 2 * names->room * sizeof *entries);
        if (!entries)
            return 0;
        names->entries = entries;
        names->room *= 2;
    }
    if (names->arena_room - names->arena_size < length) {
        size_t room = 2 * names->arena_room + length;
        uint8_t *arena = realloc(names->arena, room);
        if (!arena)
            return 0;
        names->arena = arena;
        names->arena_room = room;
    }
    if (2 * names->count >= names->slot_mask) {
        size_t slot_mask = 4 * (names->slot_mask + 1) - 1;
        uint32_t *slots = calloc(slot_mask + 1, sizeof *slots);
        if (!slots)
            return 0;
        for (size_t i = 0; i < names->count; i++) {
            size_t slot = names->entries[i].hash & slot_mask;
            while (slots[slot])
                slot = (slot + 1) & slot_mask;
            slots[slot] = (uint32_t)i + 1;
        }
        free(names->slots);
        names->slots = slots;
        names->slot_mask = slot_mask;
    }
    return 1;
}

static uint32_t look_up(Names *names, char kind, const uint8_t *tag, size_t length, int add)
{
    uint64_t hash = hash_of(names, kind, tag, length);
    size_t slot = hash & names->slot_mask;
    for (; names->slots[slot]; slot = (slot + 1) & names->slot_mask) {
        uint32_t number = names->slots[slot] - 1;
        if (names->entries[number].hash == hash && is_entry(names, number, kind, tag, length))
            return number;
    }
    if (!add || names->count >= MOST_ENTRIES || length > UINT32_MAX || !grow_names(names, length))
        return NO_ENTRY;
    slot = hash & names->slot_mask;
    while (names->slots[slot])
        slot = (slot + 1) & names->slot_mask;
    memcpy(names->arena + names->arena_size, tag, length);
    names->entries[names->count] =
        (Entry){hash, names->arena_size, (uint32_t)length, NO_ENTRY, UINT64_MAX, kind};
    names->arena_size += length;
    names->slots[slot] = (uint32_t)++names->count;
    return (uint32_t)names->count - 1;
}

/* The number of (kind, tag); NO_ENTRY when it has none and is not to be added, or cannot be. */
static inline uint32_t number_of(Names *names, char kind, const uint8_t *tag, size_t length, int add)
{
    if (names->last != NO_ENTRY) {
        uint32_t guess = names->entries[names->last].follower;
        if (guess != NO_ENTRY && is_entry(names, guess, kind, tag, length))
            return guess;
    }
    return look_up(names, kind, tag, length, add);
}

/* ------------------------------------------------------------------------------------------------ the walk */

/* Field numbers are those of event.proto, summary.proto and tensor.proto; formats/tfevents.py names them. What is not
 * quite as expected here is left to that, which reads everything. */

typedef struct {
    const uint8_t *at, *end;
} Span;

static int read_varint(Span *span, uint64_t *value)
{
    uint64_t found = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (span->at == span->end)
            return 0;
        uint8_t byte = *span->at++;
        found |= shift == 63 ? (uint64_t)(byte & 1) << 63 : (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) {
            *value = found;
            return 1;
        }
    }
    return 0;
}

static int read_span(Span *span, Span *inner)
{
    uint64_t length;
    if (!read_varint(span, &length) || length > (uint64_t)(span->end - span->at))
        return 0;
    inner->at = span->at;
    inner->end = span->at = span->at + length;
    return 1;
}

static double read_float(const uint8_t *at)
{
    uint32_t word = load_u32(at);
    float value;
    memcpy(&value, &word, 4);
    return value;
}

/* Values of one event, not yet believed. */
typedef struct {
    double *values;
    int32_t *rows, *numbers;
    size_t count, room;
} Values;

/* A tensor of one element: its kind and its 8 bytes. 0 for any other. */
static int read_tensor(Span span, char *kind, uint64_t *bits)
{
    uint64_t dtype = 0, key, word;
    Span inner, content = {NULL, NULL};
    double number = 0;
    int64_t integer = 0;
    int found = 0, width;
    while (span.at < span.end) {
        if (!read_varint(&span, &key))
            return 0;
        switch (key) {
        case 1 << 3 | 0:
            if (!read_varint(&span, &dtype))
                return 0;
            break;
        case 2 << 3 | 2: /* shape: none, or all of its dimensions 1 */
            if (!read_span(&span, &inner))
                return 0;
            for (; inner.at < inner.end; inner.at += 4)
                if (inner.end - inner.at < 4 || memcmp(inner.at, "\x12\x02\x08\x01", 4) != 0)
                    return 0;
            break;
        case 3 << 3 | 0:
            if (!read_varint(&span, &word))
                return 0;
            break;
        case 4 << 3 | 2:
            if (!read_span(&span, &content))
                return 0;
            break;
        case 5 << 3 | 2:
        case 5 << 3 | 5:
        case 6 << 3 | 2:
        case 6 << 3 | 1:
            width = key >> 3 == 5 ? 4 : 8;
            if ((key & 7) == 2) {
                if (!read_span(&span, &inner) || inner.end - inner.at != width)
                    return 0;
            } else {
                if (span.end - span.at < width)
                    return 0;
                inner.at = span.at;
                span.at += width;
            }
            if (width == 4) {
                number = read_float(inner.at);
            } else {
                word = load_u64(inner.at);
                memcpy(&number, &word, 8);
            }
            found += width == 4 ? 1 : 16;
            break;
        case 7 << 3 | 2:
        case 7 << 3 | 0:
        case 10 << 3 | 2:
        case 10 << 3 | 0:
        case 11 << 3 | 2:
        case 11 << 3 | 0:
            if ((key & 7) == 2) {
                if (!read_span(&span, &inner) || !read_varint(&inner, &word) || inner.at != inner.end)
                    return 0;
            } else if (!read_varint(&span, &word)) {
                return 0;
            }
            integer = (int64_t)word;
            found += key >> 3 == 7 ? 256 : key >> 3 == 10 ? 4096 : 65536;
            break;
        default:
            return 0;
        }
    }
    ptrdiff_t size = content.end - content.at;
    if (content.at && found)
        return 0;
    switch (dtype) {
    case 1: /* float */
        if (content.at && size == 4)
            number = read_float(content.at);
        else if (found != 1)
            return 0;
        break;
    case 2: /* double */
        if (content.at && size == 8) {
            word = load_u64(content.at);
            memcpy(&number, &word, 8);
        } else if (found != 16) {
            return 0;
        }
        break;
    case 3: /* int32 */
        if (content.at && size == 4)
            integer = (int32_t)load_u32(content.at);
        else if (found != 256 || integer != (int32_t)integer)
            return 0;
        break;
    case 9: /* int64 */
        if (content.at && size == 8)
            integer = (int64_t)load_u64(content.at);
        else if (found != 4096)
            return 0;
        break;
    case 10: /* bool */
        if (content.at && size == 1)
            integer = *content.at;
        else if (found != 65536)
            return 0;
        integer = integer != 0;
        break;
    default:
        return 0;
    }
    *kind = dtype < 3 ? 'd' : dtype == 10 ? '?' : 'q';
    if (dtype < 3)
        memcpy(bits, &number, 8);
    else
        *bits = (uint64_t)integer;
    return 1;
}

/* 1 when metadata says that the tag's tensors are scalars, 0 when it says something else, -1 when it cannot be read.
 * Sets `named` where it has a display name or a description. */
static int says_scalar(Span span, int *named)
{
    uint64_t key, class = 0;
    Span inner, plugin = {NULL, NULL}, name = {NULL, NULL};
    while (span.at < span.end) {
        if (!read_varint(&span, &key))
            return -1;
        if (key == (4 << 3 | 0)) {
            if (!read_varint(&span, &class))
                return -1;
        } else if ((key & 7) == 2) {
            if (!read_span(&span, &inner))
                return -1;
            if (key >> 3 == 1)
                plugin = inner;
            if ((key >> 3 == 2 || key >> 3 == 3) && inner.at < inner.end)
                *named = 1;
        } else {
            return -1;
        }
    }
    while (plugin.at < plugin.end) {
        if (!read_varint(&plugin, &key) || (key & 7) != 2 || !read_span(&plugin, &inner))
            return -1;
        if (key >> 3 == 1)
            name = inner;
    }
    if (class != 0)
        return class == 1;
    return name.end - name.at == 7 && memcmp(name.at, "scalars", 7) == 0;
}

/* 1: the value has its place, 0: its name cannot be kept, -1: no room for it. */
static inline int add_value(Names *names, char kind, const uint8_t *tag, size_t length, uint64_t bits, Values *out,
                            uint64_t *row)
{
    uint32_t number = number_of(names, kind, tag, length, 1);
    if (number == NO_ENTRY)
        return 0;
    if (names->last != NO_ENTRY)
        names->entries[names->last].follower = number;
    names->last = number;
    if (names->entries[number].row == *row)
        ++*row; /* a second value of one tag in one event */
    names->entries[number].row = *row;
    if (out->count == out->room)
        return -1;
    memcpy(&out->values[out->count], &bits, 8);
    out->rows[out->count] = (int32_t)(*row - names->rows);
    out->numbers[out->count++] = (int32_t)number;
    return 1;
}

static int read_value(Span span, Names *names, Values *out, uint64_t *row)
{
    uint64_t key, bits = 0;
    Span tag = {span.at, span.at}, tensor = {NULL, NULL}, metadata = {NULL, NULL};
    char kind = 0;
    while (span.at < span.end) {
        if (!read_varint(&span, &key))
            return 0;
        switch (key) {
        case 1 << 3 | 2:
            if (!read_span(&span, &tag))
                return 0;
            break;
        case 2 << 3 | 5: {
            if (span.end - span.at < 4)
                return 0;
            double number = read_float(span.at);
            memcpy(&bits, &number, 8);
            kind = 'd';
            span.at += 4;
            break;
        }
        case 8 << 3 | 2:
            if (!read_span(&span, &tensor))
                return 0;
            break;
        case 9 << 3 | 2:
            if (metadata.at || !read_span(&span, &metadata))
                return 0;
            break;
        default:
            return 0;
        }
    }
    size_t length = (size_t)(tag.end - tag.at);
    int named = 0;
    int scalar = metadata.at ? says_scalar(metadata, &named)
                 : tensor.at ? number_of(names, 's', tag.at, length, 0) != NO_ENTRY
                             : 0;
    if (named && number_of(names, 's', tag.at, length, 0) == NO_ENTRY)
        return 0; /* formats/tfevents.py takes note of them, and says then that the tag is known */
    if (tensor.at) {
        if (kind || scalar != 1 || !read_tensor(tensor, &kind, &bits))
            return 0;
        if (metadata.at && number_of(names, 's', tag.at, length, 1) == NO_ENTRY)
            return 0;
    } else if (!kind) {
        return 0;
    }
    return add_value(names, kind, tag.at, length, bits, out, row);
}

/* The same as read_event for what torch and its likes write, byte for byte: wall_time, a step below 2**28 or none, and a
 * summary of one simple_value whose tag has fewer than 128 bytes. 0 for anything else, of which nothing is taken. */
static inline int read_plain_event(Span span, Names *names, Values *out, uint64_t *row, double *time, int64_t *step)
{
    const uint8_t *at = span.at;
    size_t left = (size_t)(span.end - at);
    uint64_t word, number = 0;
    if (left < 20 || at[0] != (1 << 3 | 1))
        return 0;
    word = load_u64(at + 1);
    at += 9;
    if (*at == (2 << 3 | 0)) {
        unsigned shift = 0;
        do {
            at++;
            number |= (uint64_t)(*at & 127) << shift;
            shift += 7;
        } while (*at & 128 && shift < 28);
        if (*at++ & 128)
            return 0;
    }
    left = (size_t)(span.end - at);
    if (left < 11 || left > 129 || at[0] != (5 << 3 | 2) || at[1] != left - 2 || at[2] != (1 << 3 | 2) ||
        at[3] != left - 4 || at[4] != (1 << 3 | 2) || at[5] != left - 11 || span.end[-5] != (2 << 3 | 5))
        return 0;
    uint64_t bits;
    double value = read_float(span.end - 4);
    memcpy(&bits, &value, 8);
    memcpy(time, &word, 8);
    *step = (int64_t)number;
    return add_value(names, 'd', at + 6, left - 11, bits, out, row);
}

/* 1: read, 0: not an event of scalars only, -1: no room for its values. `row` is the number of its first row. */
static int read_event(Span span, Names *names, Values *out, uint64_t *row, double *time, int64_t *step)
{
    uint64_t key, word;
    int fits;
    *time = 0;
    *step = 0;
    while (span.at < span.end) {
        if (!read_varint(&span, &key))
            return 0;
        switch (key) {
        case 1 << 3 | 1:
            if (span.end - span.at < 8)
                return 0;
            word = load_u64(span.at);
            memcpy(time, &word, 8);
            span.at += 8;
            break;
        case 2 << 3 | 0:
            if (!read_varint(&span, &word))
                return 0;
            *step = (int64_t)word;
            break;
        case 5 << 3 | 2: {
            Span summary, value;
            if (!read_span(&span, &summary))
                return 0;
            while (summary.at < summary.end) {
                if (*summary.at++ != (1 << 3 | 2) || !read_span(&summary, &value))
                    return 0;
                if ((fits = read_value(value, names, out, row)) != 1)
                    return fits;
            }
            break;
        }
        default:
            return 0;
        }
    }
    return 1;
}

enum { OTHER, OTHER_DAMAGED, SCALARS_DAMAGED };
enum { AT_END, NO_LENGTH, NO_ROOM };

/* A walk: what it reads, what it writes, and how far it is. */
typedef struct {
    Names *names;
    const uint8_t *bytes;
    Py_ssize_t size, at;
    double *times;
    int64_t *steps, *others;
    Values out;
    Py_ssize_t room, row_count, lines, line_count;
} Walk;

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

/* `crc` is a function named where this is called, so that it is a part of it. Returns why the walk ended. */
INLINE int walk_records(Walk *walk, uint32_t (*crc)(uint32_t, const uint8_t *, size_t))
{
    Names *names = walk->names;
    Values *out = &walk->out;
    uint64_t last_length = 0; /* most records are as long as the one before */
    uint32_t last_check = masked(~crc(0xFFFFFFFFu, (const uint8_t[8]){0}, 8));
    while (walk->size - walk->at >= RECORD_HEAD) {
        const uint8_t *head = walk->bytes + walk->at;
        uint64_t length = load_u64(head);
        if (length != last_length) {
            last_length = length;
            last_check = masked(~crc(0xFFFFFFFFu, head, 8));
        }
        if (last_check != load_u32(head + 8) || length > INT32_MAX)
            return NO_LENGTH;
        if (length + RECORD_OVERHEAD > (uint64_t)(walk->size - walk->at))
            return AT_END;
        if (walk->room - walk->row_count < 1 || walk->line_count == walk->lines)
            return NO_ROOM;
        const uint8_t *payload = head + RECORD_HEAD;
        int intact = masked(~crc(0xFFFFFFFFu, payload, length)) == load_u32(payload + length);
        size_t before = out->count;
        uint64_t row = names->rows;
        double time;
        int64_t step;
        Span span = {payload, payload + length};
        int read = read_plain_event(span, names, out, &row, &time, &step);
        if (read == 0)
            read = read_event(span, names, out, &row, &time, &step);
        uint64_t made = out->count > before ? row - names->rows + 1 : 0;
        if (read == 1 && made > (uint64_t)(walk->room - walk->row_count))
            read = -1;
        if (read != 1) {
            /* The rows that names remember are not there: the next event must not take them for its own. */
            names->rows = row + 1;
            out->count = before;
        }
        if (read == -1)
            return NO_ROOM;
        if (read == 1) {
            for (size_t i = before; i < out->count; i++)
                out->rows[i] += (int32_t)walk->row_count;
            names->rows += made;
            for (; made > 0; made--, walk->row_count++) {
                walk->times[walk->row_count] = time;
                walk->steps[walk->row_count] = step;
            }
        }
        if (read == 0 || !intact) {
            int64_t *line = walk->others + 4 * walk->line_count++;
            line[0] = read == 1 ? SCALARS_DAMAGED : intact ? OTHER : OTHER_DAMAGED;
            line[1] = walk->at;
            line[2] = (int64_t)length;
            line[3] = walk->row_count;
        }
        walk->at += (Py_ssize_t)length + RECORD_OVERHEAD;
    }
    return AT_END;
}

/* walk_events(names, data, start, times, steps, values, rows, numbers, others): read records from `start` on.
 *
 * An event of scalars is one row (two, where a tag has two values): its time, its step, and for each value the row and
 * the number of its name. Any other is a line of `others`: what it is, the offset of its record, the length of its
 * payload, and the number of rows before it. Returns (end, rows, values, others, why it stopped there). */
static PyObject *walk_events(PyObject *module, PyObject *arguments)
{
    PyObject *capsule;
    Py_buffer data, times, steps, values, rows, numbers, others;
    Py_ssize_t start;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "Oy*nw*w*w*w*w*w*", &capsule, &data, &start, &times, &steps, &values, &rows,
                          &numbers, &others))
        return NULL;
    Names *names = PyCapsule_GetPointer(capsule, NAMES);
    Py_ssize_t room = times.len / 8, lines = others.len / 32;
    int fits = names && has_length(&times, room, 8) && has_length(&steps, room, 8) &&
               has_length(&numbers, values.len / 8, 4) && has_length(&rows, values.len / 8, 4) &&
               has_length(&others, lines, 32);
    if (fits && (start < 0 || room > INT32_MAX)) {
        PyErr_SetString(PyExc_ValueError, "the walk begins inside the data and finds fewer than 2**31 rows");
        fits = 0;
    }
    Walk walk = {.names = names,
                 .bytes = data.buf,
                 .size = data.len,
                 .at = start,
                 .times = times.buf,
                 .steps = steps.buf,
                 .others = others.buf,
                 .out = {values.buf, rows.buf, numbers.buf, 0, (size_t)(values.len / 8)},
                 .room = room,
                 .lines = lines};
    int why = AT_END;
    if (fits) {
        crc_prepare();
        Py_BEGIN_ALLOW_THREADS
        why = crc_best == crc_portable ? walk_records(&walk, crc_portable) : walk_records(&walk, crc_instruction);
        Py_END_ALLOW_THREADS
    }
    Py_buffer *taken[] = {&data, &times, &steps, &values, &rows, &numbers, &others};
    for (int i = 0; i < 7; i++)
        PyBuffer_Release(taken[i]);
    if (!fits)
        return NULL;
    return Py_BuildValue("nnnni", walk.at, walk.row_count, (Py_ssize_t)walk.out.count, walk.line_count, why);
}

/* group_values(numbers, rows, values, starts, grouped rows, grouped values): the same values by number, each number's
 * in their order; starts int64[k + 1] says where those of each begin. */
static PyObject *group_values(PyObject *module, PyObject *arguments)
{
    Py_buffer numbers, rows, values, starts, out_rows, out_values;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*w*w*", &numbers, &rows, &values, &starts, &out_rows, &out_values))
        return NULL;
    Py_ssize_t n = numbers.len / 4, k = starts.len / 8 - 1;
    int fits = has_length(&numbers, n, 4) && has_length(&rows, n, 4) && has_length(&values, n, 8) &&
               has_length(&out_rows, n, 8) && has_length(&out_values, n, 8) && has_length(&starts, k + 1, 8);
    if (fits) {
        const int32_t *number_of_value = numbers.buf, *row_of = rows.buf;
        const uint64_t *value_of = values.buf;
        int64_t *place = starts.buf, *grouped_rows = out_rows.buf;
        uint64_t *grouped = out_values.buf;
        int outside = k < 0;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i <= k; i++)
            place[i] = 0;
        for (Py_ssize_t i = 0; i < n && !outside; i++) {
            outside = number_of_value[i] < 0 || number_of_value[i] >= k;
            if (!outside)
                place[number_of_value[i]]++;
        }
        if (!outside) {
            int64_t total = 0;
            for (Py_ssize_t i = 0; i <= k; i++) {
                int64_t count = place[i];
                place[i] = total;
                total += count;
            }
            for (Py_ssize_t i = 0; i < n; i++) {
                int64_t at = place[number_of_value[i]]++;
                grouped_rows[at] = row_of[i];
                grouped[at] = value_of[i];
            }
            for (Py_ssize_t i = k; i > 0; i--)
                place[i] = place[i - 1];
            place[0] = 0;
        }
        Py_END_ALLOW_THREADS
        if (outside) {
            PyErr_SetString(PyExc_ValueError, "a value has a number without a place");
            fits = 0;
        }
    }
    Py_buffer *taken[] = {&numbers, &rows, &values, &starts, &out_rows, &out_values};
    for (int i = 0; i < 6; i++)
        PyBuffer_Release(taken[i]);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}
