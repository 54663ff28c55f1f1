/* Rows of the journal (formats/journal.py) from the dict that a script logs. Part of compiled.c, which includes this file.
 *
 * A RowPacker is made for rows of the same keys, in the same order, with values of the same Python types, and answers
 * None for every other one: the caller then goes the long way. It runs no Python code of anybody. */

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    PyObject *keys;  /* tuple of str */
    PyObject *types; /* tuple of types */
    PyObject **key_at;
    PyObject **type_at;
    char *letters;
    Py_ssize_t head_size;
    uint8_t *head;
    Py_ssize_t size;
} RowPacker;

static void row_packer_free(PyObject *given)
{
    RowPacker *self = (RowPacker *)given;
    PyTypeObject *type = Py_TYPE(given);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    Py_XDECREF(self->keys);
    Py_XDECREF(self->types);
    PyMem_Free(self->key_at);
    PyMem_Free(self->type_at);
    PyMem_Free(self->letters);
    PyMem_Free(self->head);
    release(given);
    Py_DECREF(type);
}

/* How many bytes a value of a letter takes; 0 for a letter or type that is packed elsewhere. */
static Py_ssize_t row_width(char letter, PyObject *type)
{
    if (letter == 'd' && PyType_IsSubtype((PyTypeObject *)type, &PyFloat_Type))
        return 8;
    if (letter == 'q' && type == (PyObject *)&PyLong_Type)
        return 8;
    if (letter == '?' && type == (PyObject *)&PyBool_Type)
        return 1;
    return 0;
}

static PyObject *row_packer_new(PyTypeObject *type, PyObject *arguments, PyObject *names)
{
    PyObject *keys, *types;
    const char *letters, *head;
    Py_ssize_t letter_count, head_size;
    if (names != NULL && PyDict_Size(names) > 0) {
        PyErr_SetString(PyExc_TypeError, "RowPacker() takes no names");
        return NULL;
    }
    if (!PyArg_ParseTuple(arguments, "O!O!s#y#", &PyTuple_Type, &keys, &PyTuple_Type, &types, &letters, &letter_count,
                          &head, &head_size))
        return NULL;
    Py_ssize_t count = PyTuple_Size(keys), size = head_size + 16 + 4;
    if (PyTuple_Size(types) != count || letter_count != count) {
        PyErr_Format(PyExc_ValueError, "%zd keys, %zd types and %zd letters", count, PyTuple_Size(types), letter_count);
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *each = PyTuple_GetItem(types, i);
        Py_ssize_t width = PyType_Check(each) ? row_width(letters[i], each) : 0;
        if (width == 0 || !PyUnicode_CheckExact(PyTuple_GetItem(keys, i))) {
            PyErr_Format(PyExc_ValueError, "%R as '%c' is not packed here", each, letters[i]);
            return NULL;
        }
        size += width;
    }
    allocfunc make = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    RowPacker *self = (RowPacker *)make(type, 0);
    if (self == NULL)
        return NULL;
    self->keys = Py_NewRef(keys);
    self->types = Py_NewRef(types);
    self->key_at = PyMem_Malloc((size_t)(count + 1) * sizeof(PyObject *));
    self->type_at = PyMem_Malloc((size_t)(count + 1) * sizeof(PyObject *));
    self->letters = PyMem_Malloc((size_t)count + 1);
    self->head = PyMem_Malloc((size_t)head_size + 1);
    if (!self->key_at || !self->type_at || !self->letters || !self->head) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        self->key_at[i] = PyTuple_GetItem(keys, i);
        self->type_at[i] = PyTuple_GetItem(types, i);
    }
    memcpy(self->letters, letters, (size_t)count);
    memcpy(self->head, head, (size_t)head_size);
    self->count = count;
    self->head_size = head_size;
    self->size = size;
    return (PyObject *)self;
}

static void put_u64(uint8_t *at, uint64_t word)
{
    for (int byte = 0; byte < 8; byte++)
        at[byte] = (uint8_t)(word >> 8 * byte);
}

static void put_double(uint8_t *at, double value)
{
    uint64_t word;
    memcpy(&word, &value, 8);
    put_u64(at, word);
}

/* The bytes of the values of a dict; 0 when it has other keys, types or an integer beyond int64. */
static int put_values(const RowPacker *self, PyObject *data, uint8_t *at)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    for (Py_ssize_t i = 0; PyDict_Next(data, &position, &key, &value); i++) {
        if (i >= self->count || (PyObject *)Py_TYPE(value) != self->type_at[i])
            return 0;
        if (key != self->key_at[i] &&
            !(PyUnicode_CheckExact(key) && PyUnicode_Compare(key, self->key_at[i]) == 0))
            return 0;
        if (self->letters[i] == 'd') {
            put_double(at, PyFloat_AsDouble(value)); /* a float or of a subclass: it cannot fail */
            at += 8;
        } else if (self->letters[i] == 'q') {
            int overflow;
            long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
            if (overflow)
                return 0;
            put_u64(at, (uint64_t)number);
            at += 8;
        } else {
            *at++ = value == Py_True;
        }
    }
    return 1;
}

/* A record with everything before its values, and where it begins. */
static PyObject *begin_record(const RowPacker *self, long long step, double time, uint8_t **begin)
{
    PyObject *record = PyBytes_FromStringAndSize(NULL, self->size);
    if (record == NULL)
        return NULL;
    *begin = (uint8_t *)PyBytes_AsString(record);
    memcpy(*begin, self->head, (size_t)self->head_size);
    put_u64(*begin + self->head_size, (uint64_t)step);
    put_double(*begin + self->head_size + 8, time);
    return record;
}

/* Its checksum, when the values are there. */
static void end_record(const RowPacker *self, uint8_t *begin)
{
    size_t body = (size_t)self->size - 4;
    sum_prepare();
    uint32_t sum = ~sum_best(~(uint32_t)0, begin, body);
    for (int byte = 0; byte < 4; byte++)
        begin[body + (size_t)byte] = (uint8_t)(sum >> 8 * byte);
}

/* pack(data, step, time): the record of a row, or None. */
static PyObject *row_packer_pack(PyObject *given, PyObject *const *arguments, Py_ssize_t count)
{
    const RowPacker *self = (const RowPacker *)given;
    int overflow;
    if (count != 3) {
        PyErr_Format(PyExc_TypeError, "pack() takes a dict, a step and a time, got %zd arguments", count);
        return NULL;
    }
    if (!PyDict_CheckExact(arguments[0]) || PyDict_Size(arguments[0]) != self->count || !PyLong_Check(arguments[1]))
        Py_RETURN_NONE;
    long long step = PyLong_AsLongLongAndOverflow(arguments[1], &overflow);
    if (overflow)
        Py_RETURN_NONE;
    double time = PyFloat_AsDouble(arguments[2]);
    if (time == -1.0 && PyErr_Occurred())
        return NULL;
    uint8_t *begin;
    PyObject *record = begin_record(self, step, time, &begin);
    if (record == NULL)
        return NULL;
    if (!put_values(self, arguments[0], begin + self->head_size + 16)) {
        Py_DECREF(record);
        PyErr_Clear(); /* a comparison of texts has run out of memory: the long way says so, if it does */
        Py_RETURN_NONE;
    }
    end_record(self, begin);
    return record;
}

/* pack_number(step, time, value): the record of a row of one number. */
static PyObject *row_packer_pack_number(PyObject *given, PyObject *const *arguments, Py_ssize_t count)
{
    const RowPacker *self = (const RowPacker *)given;
    if (count != 3 || self->count != 1 || self->letters[0] != 'd') {
        PyErr_SetString(PyExc_TypeError, "pack_number() takes a step, a time and a value, for rows of one float");
        return NULL;
    }
    long long step = PyLong_AsLongLong(arguments[0]);
    if (step == -1 && PyErr_Occurred())
        return NULL;
    double time = PyFloat_AsDouble(arguments[1]);
    if (time == -1.0 && PyErr_Occurred())
        return NULL;
    double value = PyFloat_AsDouble(arguments[2]);
    if (value == -1.0 && PyErr_Occurred())
        return NULL;
    uint8_t *begin;
    PyObject *record = begin_record(self, step, time, &begin);
    if (record == NULL)
        return NULL;
    put_double(begin + self->head_size + 16, value);
    end_record(self, begin);
    return record;
}

static PyMethodDef row_packer_methods[] = {
    {"pack", (PyCFunction)(void (*)(void))row_packer_pack, METH_FASTCALL, "pack(data, step, time)"},
    {"pack_number", (PyCFunction)(void (*)(void))row_packer_pack_number, METH_FASTCALL,
     "pack_number(step, time, value)"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot row_packer_slots[] = {
    {Py_tp_new, (void *)row_packer_new},
    {Py_tp_dealloc, (void *)row_packer_free},
    {Py_tp_methods, row_packer_methods},
    {Py_tp_doc, (void *)"RowPacker(keys, types, letters, head): packs rows of these keys and types."},
    {0, NULL},
};

static PyType_Spec row_packer = {
    .name = "epochal.native._compiled.RowPacker",
    .basicsize = sizeof(RowPacker),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = row_packer_slots,
};
