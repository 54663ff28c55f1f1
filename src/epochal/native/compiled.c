/* The kernels of plain.py, compiled. Arrays come as buffers of the right length, which is checked; their types are the
 * caller's business (__init__.py). The interpreter lock is released while they run. Limited API of Python 3.11. */

#define Py_LIMITED_API 0x030B0000
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <string.h>

static int has_length(const Py_buffer *buffer, Py_ssize_t items, Py_ssize_t width)
{
    if (buffer->len == items * width)
        return 1;
    PyErr_Format(PyExc_ValueError, "a buffer of %zd bytes where %zd were expected", buffer->len, items * width);
    return 0;
}

/* ------------------------------------------------------------------------------------------------ moving averages */

static void decaying(const double *values, double weight, double *out, Py_ssize_t n)
{
    double sum = 0.0, size = 0.0;
    Py_ssize_t i = 0;
    for (; i < n; i++) {
        double grown = size * weight + 1.0;
        if (grown == size)
            break; /* what is left of the first value is below the precision of the rest */
        size = grown;
        sum = sum * weight + values[i];
        out[i] = sum / size;
    }
    for (; i < n; i++) {
        sum = sum * weight + values[i];
        out[i] = sum / size;
    }
}

static PyObject *decaying_mean(PyObject *module, PyObject *arguments)
{
    Py_buffer values, out;
    double weight;
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*dw*", &values, &weight, &out))
        return NULL;
    Py_ssize_t n = out.len / 8;
    fits = has_length(&out, n, 8) && has_length(&values, n, 8);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        decaying(values.buf, weight, out.buf, n);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

static void fading(const double *values, const double *decays, double *out, Py_ssize_t n)
{
    double sum = 0.0, size = 0.0;
    for (Py_ssize_t i = 0; i < n; i++) {
        sum = sum * decays[i] + values[i];
        size = size * decays[i] + 1.0;
        out[i] = sum / size;
    }
}

static PyObject *fading_mean(PyObject *module, PyObject *arguments)
{
    Py_buffer values, decays, out;
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*w*", &values, &decays, &out))
        return NULL;
    Py_ssize_t n = out.len / 8;
    fits = has_length(&out, n, 8) && has_length(&values, n, 8) && has_length(&decays, n, 8);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        fading(values.buf, decays.buf, out.buf, n);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&decays);
    PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ Gaussian */

/* The same figures as in plain.py, which says what they mean. */
#define CELL 0.5
#define TERMS 14
#define REACH (3.0 * (1.0 + 1e-9))
#define CELLS_IN_REACH 16 /* a power of two above the seven cells that a reach can touch */

typedef struct {
    double name;
    double sums[TERMS];
    double sizes[TERMS];
} Cell;

static void enter(Cell *cell, double inner, double value)
{
    double moment = exp(-0.5 * inner * inner);
    for (int power = 0; power < TERMS; power++) {
        cell->sizes[power] += moment;
        cell->sums[power] += moment * value;
        moment *= inner;
    }
}

/* Add to `sums` and `sizes` what lies at or after each position (ascending), from `nearest` cells on. Positions with
 * their signs and their order turned give the other side. */
static void one_side(const double *at, const double *values, double *sums, double *sizes, Py_ssize_t n, int turned,
                     int nearest)
{
    Cell cells[CELLS_IN_REACH];
    double inverses[TERMS];
    for (int power = 0; power < TERMS; power++)
        inverses[power] = 1.0 / (power + 1);
    Py_ssize_t entered = 0, newest = -1, oldest = 0;
    double newest_name = 0.0;
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t here = turned ? n - 1 - i : i;
        double sign = turned ? -1.0 : 1.0;
        double name = floor(at[here] / CELL);
        double inner = sign * (at[here] - name * CELL - 0.5 * CELL);
        name *= sign;
        while (entered < n) {
            Py_ssize_t next = turned ? n - 1 - entered : entered;
            double plain_name;
            if (sign * at[next] > sign * at[here] + REACH)
                break;
            plain_name = floor(at[next] / CELL);
            if (newest < 0 || sign * plain_name != newest_name) {
                newest++;
                newest_name = sign * plain_name;
                memset(&cells[newest % CELLS_IN_REACH], 0, sizeof(Cell));
                cells[newest % CELLS_IN_REACH].name = newest_name;
            }
            enter(&cells[newest % CELLS_IN_REACH], sign * (at[next] - plain_name * CELL - 0.5 * CELL), values[next]);
            entered++;
        }
        while (oldest <= newest && cells[oldest % CELLS_IN_REACH].name < name + nearest)
            oldest++;
        for (Py_ssize_t k = oldest; k <= newest; k++) {
            const Cell *cell = &cells[k % CELLS_IN_REACH];
            double distance = inner - (cell->name - name) * CELL;
            double sum = cell->sums[TERMS - 1], size = cell->sizes[TERMS - 1];
            for (int power = TERMS - 2; power >= 0; power--) {
                double factor = distance * inverses[power];
                sum = cell->sums[power] + sum * factor;
                size = cell->sizes[power] + size * factor;
            }
            double kernel = exp(-0.5 * distance * distance);
            sums[here] += kernel * sum;
            sizes[here] += kernel * size;
        }
    }
}

static PyObject *gaussian_mean(PyObject *module, PyObject *arguments)
{
    Py_buffer at, values, out, sizes;
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*w*w*", &at, &values, &out, &sizes))
        return NULL;
    Py_ssize_t n = out.len / 8;
    fits = has_length(&out, n, 8) && has_length(&at, n, 8) && has_length(&values, n, 8) && has_length(&sizes, n, 8);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        double *sum = out.buf, *size = sizes.buf;
        memset(sum, 0, (size_t)n * 8);
        memset(size, 0, (size_t)n * 8);
        one_side(at.buf, values.buf, sum, size, n, 1, 0);
        one_side(at.buf, values.buf, sum, size, n, 0, 1);
        for (Py_ssize_t i = 0; i < n; i++)
            sum[i] /= size[i];
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&at);
    PyBuffer_Release(&values);
    PyBuffer_Release(&out);
    PyBuffer_Release(&sizes);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ bytes and buckets */

/* One unsigned integer of each value's bytes; on a big-endian machine the bytes one by one. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LITTLE_ENDIAN_WORDS 0
#else
#define LITTLE_ENDIAN_WORDS 1
#endif

static void join_planes(const uint8_t *const *planes, Py_ssize_t width, uint8_t *restrict out, Py_ssize_t n)
{
    if (width == 1) {
        memcpy(out, planes[0], (size_t)n);
    } else if (LITTLE_ENDIAN_WORDS && width == 2) {
        const uint8_t *restrict a = planes[0], *restrict b = planes[1];
        uint16_t *restrict words = (uint16_t *)(void *)out;
        for (Py_ssize_t i = 0; i < n; i++)
            words[i] = (uint16_t)(a[i] | b[i] << 8);
    } else if (LITTLE_ENDIAN_WORDS && width == 4) {
        const uint8_t *restrict a = planes[0], *restrict b = planes[1], *restrict c = planes[2],
                      *restrict d = planes[3];
        uint32_t *restrict words = (uint32_t *)(void *)out;
        for (Py_ssize_t i = 0; i < n; i++)
            words[i] = (uint32_t)a[i] | (uint32_t)b[i] << 8 | (uint32_t)c[i] << 16 | (uint32_t)d[i] << 24;
    } else {
        for (Py_ssize_t plane = 0; plane < width; plane++)
            for (Py_ssize_t i = 0; i < n; i++)
                out[i * width + plane] = planes[plane][i];
    }
}

/* Take the buffers of a tuple of 1, 2, 4 or 8 planes of one length; returns how many were taken, and whether they fit. */
static Py_ssize_t take_planes(PyObject *given, Py_buffer *planes, const uint8_t **bytes, int *fits)
{
    Py_ssize_t taken = 0, width = PyTuple_Size(given);
    *fits = width == 1 || width == 2 || width == 4 || width == 8;
    if (!*fits) {
        PyErr_Format(PyExc_ValueError, "%zd planes; expected 1, 2, 4 or 8", width);
        return 0;
    }
    for (; taken < width; taken++) {
        if (PyObject_GetBuffer(PyTuple_GetItem(given, taken), &planes[taken], PyBUF_SIMPLE) < 0) {
            *fits = 0;
            break;
        }
        bytes[taken] = planes[taken].buf;
        if (*fits && !has_length(&planes[taken], planes[0].len, 1))
            *fits = 0;
    }
    return taken;
}

static PyObject *interleave(PyObject *module, PyObject *arguments)
{
    PyObject *given;
    Py_buffer out, planes[8];
    const uint8_t *bytes[8];
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!w*", &PyTuple_Type, &given, &out))
        return NULL;
    Py_ssize_t width = take_planes(given, planes, bytes, &fits);
    fits = fits && has_length(&out, planes[0].len, width);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        join_planes(bytes, width, out.buf, planes[0].len);
        Py_END_ALLOW_THREADS
    }
    for (Py_ssize_t i = 0; i < width; i++)
        PyBuffer_Release(&planes[i]);
    PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

/* Unsigned little-endian integers from planes, `base` added to each; with `adds_up` they are the steps that follow
 * `first`, which then is the first item. All modulo 2**64. */
static void widen_planes(const uint8_t *const *planes, Py_ssize_t width, uint64_t *out, Py_ssize_t n, uint64_t base,
                         uint64_t first, int adds_up)
{
    uint64_t total = first;
    if (adds_up)
        *out++ = first;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t word = planes[0][i];
        switch (width) {
        case 8:
            word |= (uint64_t)planes[7][i] << 56 | (uint64_t)planes[6][i] << 48 | (uint64_t)planes[5][i] << 40 |
                    (uint64_t)planes[4][i] << 32; /* fall through */
        case 4:
            word |= (uint64_t)planes[3][i] << 24 | (uint64_t)planes[2][i] << 16; /* fall through */
        case 2:
            word |= (uint64_t)planes[1][i] << 8; /* fall through */
        default:
            break;
        }
        word += base;
        total += word;
        out[i] = adds_up ? total : word;
    }
}

static PyObject *widen(PyObject *module, PyObject *arguments)
{
    PyObject *given;
    Py_buffer out, planes[8];
    const uint8_t *bytes[8];
    long long base, first;
    int fits, adds_up;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!w*LLp", &PyTuple_Type, &given, &out, &base, &first, &adds_up))
        return NULL;
    Py_ssize_t width = take_planes(given, planes, bytes, &fits);
    fits = fits && has_length(&out, planes[0].len + adds_up, 8);
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        widen_planes(bytes, width, out.buf, planes[0].len, (uint64_t)base, (uint64_t)first, adds_up);
        Py_END_ALLOW_THREADS
    }
    for (Py_ssize_t i = 0; i < width; i++)
        PyBuffer_Release(&planes[i]);
    PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

static int is_finite(double value)
{
    return value - value == 0.0;
}

static PyObject *extremes(PyObject *module, PyObject *arguments)
{
    Py_buffer values, starts, low, high;
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*w*w*", &values, &starts, &low, &high))
        return NULL;
    Py_ssize_t n = values.len / 8, count = starts.len / 8;
    fits = has_length(&values, n, 8) && has_length(&starts, count, 8) && has_length(&low, count, 8) &&
           has_length(&high, count, 8);
    const int64_t *begin = starts.buf;
    for (Py_ssize_t i = 0; fits && i < count; i++) {
        if (begin[i] < 0 || begin[i] >= n || (i > 0 && begin[i] <= begin[i - 1])) {
            PyErr_Format(PyExc_ValueError, "start %zd of %zd values does not ascend", i, n);
            fits = 0;
        }
    }
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        const double *value = values.buf;
        double *smallest = low.buf, *largest = high.buf;
        for (Py_ssize_t i = 0; i < count; i++) {
            Py_ssize_t end = i + 1 < count ? (Py_ssize_t)begin[i + 1] : n;
            double least = INFINITY, most = -INFINITY;
            for (Py_ssize_t k = (Py_ssize_t)begin[i]; k < end; k++) {
                if (is_finite(value[k])) {
                    least = value[k] < least ? value[k] : least;
                    most = value[k] > most ? value[k] : most;
                }
            }
            smallest[i] = least <= most ? least : NAN;
            largest[i] = least <= most ? most : NAN;
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&low);
    PyBuffer_Release(&high);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ pixel columns */

/* The pixel that a place in pixels is in; whole numbers beyond int64 are all alike, far outside of every chart. */
static int64_t whole(double at)
{
    int64_t found;
    if (!(at > -9e18))
        return INT64_MIN;
    if (at > 9e18)
        return INT64_MAX;
    found = (int64_t)at;
    return found - (at < (double)found);
}

/* Below it every whole number is a double, and so is the next one. */
#define EXACT ((int64_t)1 << 52)

typedef struct {
    double *x0, *x1, *first, *low, *high, *last;
    uint8_t *flags;
} Columns;

/* Smoothed values of the same items, and where their columns go; NULL without any. */
typedef struct {
    const double *first, *low, *high, *last;
    double *out_first, *out_low, *out_high, *out_last;
} Course;

static uint8_t flag_of(double value)
{
    return is_finite(value) ? 0 : value != value ? 1 : value > 0 ? 2 : 4;
}

#define KEEP()                                                                                                         \
    do {                                                                                                               \
        if (count == room)                                                                                             \
            return -1;                                                                                                 \
        out.x0[count] = left;                                                                                          \
        out.x1[count] = right;                                                                                         \
        out.first[count] = opening;                                                                                    \
        out.low[count] = least <= most ? least : NAN;                                                                  \
        out.high[count] = least <= most ? most : NAN;                                                                  \
        out.last[count] = closing;                                                                                     \
        out.flags[count] = seen;                                                                                       \
        if (course) {                                                                                                  \
            course->out_first[count] = smooth_opening;                                                                 \
            course->out_low[count] = smooth_least <= smooth_most ? smooth_least : NAN;                                 \
            course->out_high[count] = smooth_least <= smooth_most ? smooth_most : NAN;                                 \
            course->out_last[count] = smooth_closing;                                                                  \
        }                                                                                                              \
        count++;                                                                                                       \
    } while (0)

/* Merge items that follow each other within one pixel; `READ` gives first, low, high, last and flags of item i. Returns
 * the number of columns, -1 when there is no room for them. A column is kept in variables until it is whole: through
 * memory, each item would wait for the one before it. Comparisons are written as processors have them: false for NaN.
 * Most items are in the pixel of the one before them, which two comparisons of each end tell without a rounding. */
#define MERGE(NAME, TYPE, READ)                                                                                        \
    static Py_ssize_t NAME(const double *place0, const double *place1, const double *x0, const double *x1,             \
                           const void *const *arrays, const uint8_t *item_flags, double origin, double scale,          \
                           Columns out, const Course *course, Py_ssize_t room, Py_ssize_t n)                           \
    {                                                                                                                  \
        const TYPE *a = arrays[0], *b = arrays[1], *c = arrays[2], *d = arrays[3];                                     \
        Py_ssize_t count = 0;                                                                                          \
        int64_t begin_before = 0, end_before = 0;                                                                      \
        double within = NAN, beyond = NAN; /* where the pixel of a column begins and ends; NaN for a column of several */ \
        double left = 0, right = 0, opening = 0, least = 0, most = 0, closing = 0;                                     \
        double smooth_opening = 0, smooth_least = 0, smooth_most = 0, smooth_closing = 0;                              \
        uint8_t seen = 0;                                                                                              \
        for (Py_ssize_t i = 0; i < n; i++) {                                                                           \
            double from = (place0[i] - origin) * scale;                                                                \
            double to = place1 == place0 ? from : (place1[i] - origin) * scale;                                        \
            int64_t begin, end;                                                                                        \
            double first, low, high, last;                                                                             \
            uint8_t flags;                                                                                             \
            READ;                                                                                                      \
            int is_inside = from >= within && from < beyond && to >= within && to < beyond;                            \
            if (!is_inside) {                                                                                          \
                begin = whole(from);                                                                                   \
                end = whole(to);                                                                                       \
                is_inside = i > 0 && begin == end_before && end == begin_before;                                       \
            }                                                                                                          \
            if (is_inside) {                                                 \
                left = x0[i] < left ? x0[i] : left;                                                                    \
                right = x1[i] > right ? x1[i] : right;                                                                 \
                least = low < least ? low : least;                                                                     \
                most = high > most ? high : most;                                                                      \
                closing = last;                                                                                        \
                seen |= flags;                                                                                         \
                if (course) {                                                                                          \
                    double below = course->low[i], above = course->high[i];                                            \
                    smooth_least = below < smooth_least ? below : smooth_least;                                        \
                    smooth_most = above > smooth_most ? above : smooth_most;                                           \
                    smooth_closing = course->last[i];                                                                  \
                }                                                                                                      \
                continue;                                                                                              \
            }                                                                                                          \
            if (i > 0)                                                                                                 \
                KEEP();                                                                                                \
            left = x0[i], right = x1[i], opening = first, closing = last;                                              \
            least = low == low ? low : INFINITY;                                                                       \
            most = high == high ? high : -INFINITY;                                                                    \
            seen = flags;                                                                                              \
            if (course) {                                                                                              \
                smooth_opening = course->first[i], smooth_closing = course->last[i];                                   \
                smooth_least = course->low[i] == course->low[i] ? course->low[i] : INFINITY;                           \
                smooth_most = course->high[i] == course->high[i] ? course->high[i] : -INFINITY;                        \
            }                                                                                                          \
            begin_before = begin;                                                                                      \
            end_before = end;                                                                                          \
            within = begin == end && begin > -EXACT && begin < EXACT ? (double)begin : NAN;                            \
            beyond = within + 1;                                                                                       \
        }                                                                                                              \
        if (n > 0)                                                                                                     \
            KEEP();                                                                                                    \
        return count;                                                                                                  \
    }

MERGE(merge_doubles, double, (first = a[i], low = b[i], high = c[i], last = d[i], flags = item_flags[i]))
MERGE(merge_floats, float, (first = a[i], low = b[i], high = c[i], last = d[i], flags = item_flags[i]))
MERGE(merge_plain, double,
      ((void)b, (void)c, (void)d, (void)item_flags, first = last = a[i], flags = flag_of(a[i]),
       low = high = flags ? NAN : a[i]))

#define INPUTS 9
#define OUTPUTS 7
#define OF_COURSE 4

/* merge_columns(inputs, outputs, width, origin, scale): inputs place0, place1, x0, x1, first, low, high, last, flags and
 * outputs x0 to flags; width 8 or 4: bytes of a value; 0: the items are points, of which `first` alone counts. Four more
 * of both are first, low, high and last of smoothed values, float64. Returns the number of columns, -1 when the outputs
 * are too short for them. */
static PyObject *merge_columns(PyObject *module, PyObject *arguments)
{
    PyObject *inputs, *outputs;
    Py_buffer buffers[INPUTS + OUTPUTS + 2 * OF_COURSE], *outs;
    Py_ssize_t taken = 0, n = 0, room = 0, count = 0, width, ins;
    double origin, scale;
    int fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!O!ndd", &PyTuple_Type, &inputs, &PyTuple_Type, &outputs, &width, &origin,
                          &scale))
        return NULL;
    ins = PyTuple_Size(inputs);
    Py_ssize_t more = ins == INPUTS + OF_COURSE ? OF_COURSE : 0, all = ins + OUTPUTS + more;
    if (ins != INPUTS + more || PyTuple_Size(outputs) != OUTPUTS + more || (width != 0 && width != 4 && width != 8)) {
        PyErr_SetString(PyExc_ValueError, "expected nine inputs, seven outputs (four more of both) and a width of 0, 4 or 8");
        return NULL;
    }
    outs = buffers + ins;
    for (; taken < all; taken++) {
        int written = taken >= ins;
        PyObject *each = written ? PyTuple_GetItem(outputs, taken - ins) : PyTuple_GetItem(inputs, taken);
        if (PyObject_GetBuffer(each, &buffers[taken], written ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) {
            fits = 0;
            break;
        }
    }
    if (fits) {
        Py_ssize_t value_width = width == 4 ? 4 : 8;
        n = buffers[0].len / 8;
        room = outs[0].len / 8;
        for (Py_ssize_t i = 0; fits && i < all; i++) {
            Py_ssize_t bytes = 8;
            if (i == INPUTS - 1 || i == ins + OUTPUTS - 1)
                bytes = 1;
            else if (i >= 4 && i < INPUTS)
                bytes = value_width;
            if (width == 0 && i > 4 && i < INPUTS)
                continue; /* not looked at */
            fits = has_length(&buffers[i], i < ins ? n : room, bytes);
        }
    }
    if (fits) {
        const void *arrays[4] = {buffers[4].buf, buffers[5].buf, buffers[6].buf, buffers[7].buf};
        Columns out = {outs[0].buf, outs[1].buf, outs[2].buf, outs[3].buf, outs[4].buf, outs[5].buf, outs[6].buf};
        Course course = {NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
        if (more)
            course = (Course){buffers[9].buf, buffers[10].buf, buffers[11].buf, buffers[12].buf,
                              outs[7].buf,    outs[8].buf,     outs[9].buf,     outs[10].buf};
        Py_BEGIN_ALLOW_THREADS
        count = (width == 8   ? merge_doubles
                 : width == 4 ? merge_floats
                              : merge_plain)(buffers[0].buf, buffers[1].buf, buffers[2].buf, buffers[3].buf, arrays,
                                             buffers[8].buf, origin, scale, out, more ? &course : NULL, room, n);
        Py_END_ALLOW_THREADS
    }
    for (Py_ssize_t i = 0; i < taken; i++)
        PyBuffer_Release(&buffers[i]);
    if (!fits)
        return NULL;
    return PyLong_FromSsize_t(count);
}

/* ------------------------------------------------------------------------------------------------ whole series */

#include "series.c"

/* ------------------------------------------------------------------------------------------------ event files */

#include "tfevents.c"

/* ------------------------------------------------------------------------------------------------ histograms */

#include "histogram.c"

/* ------------------------------------------------------------------------------------------------ bytes of blocks */

#include "blocks.c"

/* ------------------------------------------------------------------------------------------------ logged rows */

#include "rows.c"

/* ------------------------------------------------------------------------------------------------ the module */

static PyMethodDef methods[] = {
    {"decaying_mean", decaying_mean, METH_VARARGS, "decaying_mean(values, weight, out)"},
    {"fading_mean", fading_mean, METH_VARARGS, "fading_mean(values, decays, out)"},
    {"gaussian_mean", gaussian_mean, METH_VARARGS, "gaussian_mean(positions, values, out, scratch)"},
    {"interleave", interleave, METH_VARARGS, "interleave(planes, out)"},
    {"extremes", extremes, METH_VARARGS, "extremes(values, starts, low, high)"},
    {"merge_columns", merge_columns, METH_VARARGS, "merge_columns(inputs, outputs, width, origin, scale)"},
    {"keep_freed", keep_freed, METH_VARARGS, "keep_freed(kept, apart)"},
    {"sample_parts", sample_parts, METH_VARARGS, "sample_parts(parts, origin, positions, out)"},
    {"decay_parts", decay_parts, METH_VARARGS, "decay_parts(parts, codes, weight, states, span, buckets, out)"},
    {"merge_parts", merge_parts, METH_VARARGS,
     "merge_parts(parts, origin, lo, hi, low, scale, most, columns, flags)"},
    {"crc32c", crc32c, METH_VARARGS, "crc32c(data, crc=0, portable=False)"},
    {"crc32", crc32, METH_VARARGS, "crc32(data, start=0, portable=False)"},
    {"read_planes", read_planes, METH_VARARGS, "read_planes(data, start, width, n, unpack, out)"},
    {"frame_events", frame_events, METH_VARARGS, "frame_events(items, heads, make)"},
    {"frame_records", frame_records, METH_O, "frame_records(payloads)"},
    {"new_names", new_names, METH_VARARGS, "new_names(seed)"},
    {"list_names", list_names, METH_VARARGS, "list_names(names, start)"},
    {"know_scalar", know_scalar, METH_VARARGS, "know_scalar(names, tag)"},
    {"walk_events", walk_events, METH_VARARGS,
     "walk_events(names, data, start, times, steps, values, rows, numbers, others)"},
    {"group_values", group_values, METH_VARARGS,
     "group_values(numbers, rows, values, starts, grouped_rows, grouped_values)"},
    {"count_values", count_values, METH_VARARGS, "count_values(values, edges, firsts, counts, extremes)"},
    {"find_length", find_length, METH_VARARGS, "find_length(data, start)"},
    {"widen", widen, METH_VARARGS, "widen(planes, out, base, first, adds_up)"},
    {NULL, NULL, 0, NULL},
};

/* The number that __init__.py asks for: another one there means that this file was compiled of other sources. */
#define INTERFACE 3

static int fill_module(PyObject *module)
{
    PyObject *packer = PyType_FromModuleAndSpec(module, &row_packer, NULL);
    if (packer == NULL)
        return -1;
    int failed = PyModule_AddType(module, (PyTypeObject *)packer);
    Py_DECREF(packer);
    return failed ? -1 : PyModule_AddIntConstant(module, "INTERFACE", INTERFACE);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, fill_module}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "epochal.native._compiled",
    .m_doc = "The kernels of plain.py, compiled.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__compiled(void)
{
    return PyModuleDef_Init(&definition);
}
