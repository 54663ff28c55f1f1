/* Points of one series as they lie in decoded blocks: looked through where they are, without being copied together.
 * Included by compiled.c; plain.py has the same in numpy, and says what the results are. */

typedef struct {
    Py_buffer x, y, course;
    char x_code, y_code; /* numpy's: d float64, l int64, f float32, ? bool */
    int has_course;
    Py_ssize_t n;
} Part;

static void release_parts(Part *parts, Py_ssize_t taken)
{
    for (Py_ssize_t i = 0; i < taken; i++) {
        PyBuffer_Release(&parts[i].x);
        PyBuffer_Release(&parts[i].y);
        if (parts[i].has_course)
            PyBuffer_Release(&parts[i].course);
    }
}

static Py_ssize_t width_of(char code)
{
    return code == 'd' || code == 'l' ? 8 : code == 'f' ? 4 : code == '?' ? 1 : 0;
}

/* Whether a buffer holds n items at an address that fits them: loops over it may be vectorised. */
static int is_array(const Py_buffer *buffer, Py_ssize_t n, Py_ssize_t width)
{
    if ((uintptr_t)buffer->buf % (uintptr_t)width != 0) {
        PyErr_Format(PyExc_ValueError, "items of %zd bytes at an address that does not fit them", width);
        return 0;
    }
    return has_length(buffer, n, width);
}

/* Take the buffers of one (x, y, course or None, codes of x and y); returns whether they fit. */
static int take_part(PyObject *given, Part *part)
{
    PyObject *x, *y, *course;
    const char *codes;
    Py_ssize_t length;
    if (!PyTuple_Check(given) || !PyArg_ParseTuple(given, "OOOs#", &x, &y, &course, &codes, &length)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "a part is a tuple of x, y, course and codes");
        return 0;
    }
    if (length != 2 || width_of(codes[0]) != 8 || !width_of(codes[1])) {
        PyErr_Format(PyExc_ValueError, "unknown codes %s of a part", codes);
        return 0;
    }
    part->x_code = codes[0];
    part->y_code = codes[1];
    part->has_course = 0;
    if (PyObject_GetBuffer(x, &part->x, PyBUF_SIMPLE) < 0)
        return 0;
    if (PyObject_GetBuffer(y, &part->y, PyBUF_SIMPLE) < 0) {
        PyBuffer_Release(&part->x);
        return 0;
    }
    if (course != Py_None) {
        if (PyObject_GetBuffer(course, &part->course, PyBUF_SIMPLE) < 0) {
            PyBuffer_Release(&part->x);
            PyBuffer_Release(&part->y);
            return 0;
        }
        part->has_course = 1;
    }
    part->n = part->x.len / 8;
    if (is_array(&part->x, part->n, 8) && is_array(&part->y, part->n, width_of(part->y_code)) &&
        (!part->has_course || is_array(&part->course, part->n, 8)))
        return 1;
    release_parts(part, 1);
    return 0;
}

static double x_at(const Part *part, Py_ssize_t i, double origin)
{
    if (part->x_code == 'l')
        return (double)((const int64_t *)part->x.buf)[i];
    return ((const double *)part->x.buf)[i] - origin;
}

/* Whether x never falls, neither in a part nor from one to the next, and is finite. */
static int is_ascending(const Part *parts, Py_ssize_t count, double origin)
{
    int begun = 0;
    double before = 0.0;
    for (Py_ssize_t k = 0; k < count; k++) {
        const Part *part = &parts[k];
        if (!part->n)
            continue;
        if (begun && !(x_at(part, 0, origin) >= before))
            return 0;
        begun = 1;
        before = x_at(part, part->n - 1, origin);
        if (!is_finite(x_at(part, 0, origin)) || !is_finite(before))
            return 0;
        int falls = 0;
        if (part->x_code == 'l') {
            const int64_t *x = part->x.buf;
            for (Py_ssize_t i = 1; i < part->n; i++)
                falls |= x[i] < x[i - 1];
        } else {
            const double *x = part->x.buf;
            for (Py_ssize_t i = 1; i < part->n; i++)
                falls |= !(x[i] >= x[i - 1]);
        }
        if (falls)
            return 0;
    }
    return 1;
}

/* The first point whose x is not below the bound, or is above it; counted through all parts. */
static Py_ssize_t find_place(const Part *parts, Py_ssize_t count, double origin, double bound, int above)
{
    Py_ssize_t passed = 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        const Part *part = &parts[k];
        Py_ssize_t low = 0, high = part->n;
        while (low < high) {
            Py_ssize_t middle = low + (high - low) / 2;
            double x = x_at(part, middle, origin);
            if (above ? x <= bound : x < bound)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < part->n)
            return passed + low;
        passed += part->n;
    }
    return passed;
}

typedef struct {
    double first, least, most, last;
    uint8_t flags;
} Column;

/* Let values enter a column: `fresh` when they are its first. */
#define ENTER(NAME, TYPE, NUMBER)                                                                                      \
    static void NAME(const TYPE *values, Py_ssize_t n, int fresh, Column *column)                                      \
    {                                                                                                                  \
        double least = fresh ? INFINITY : column->least, most = fresh ? -INFINITY : column->most;                      \
        uint8_t flags = fresh ? 0 : column->flags;                                                                     \
        for (Py_ssize_t i = 0; i < n; i++) {                                                                           \
            NUMBER value = (NUMBER)values[i];                                                                          \
            if (!(value - value == 0)) {                                                                               \
                flags |= flag_of(value);                                                                               \
                continue;                                                                                              \
            }                                                                                                          \
            least = value < least ? value : least;                                                                     \
            most = value > most ? value : most;                                                                        \
        }                                                                                                              \
        if (fresh)                                                                                                     \
            column->first = (double)values[0];                                                                         \
        column->least = least;                                                                                         \
        column->most = most;                                                                                           \
        column->last = (double)values[n - 1];                                                                          \
        column->flags = flags;                                                                                         \
    }

ENTER(enter_doubles, double, double)
ENTER(enter_floats, float, double)
ENTER(enter_integers, int64_t, double)
ENTER(enter_bools, uint8_t, double)

static void enter_values(const Py_buffer *values, char code, Py_ssize_t begin, Py_ssize_t n, int fresh, Column *column)
{
    if (code == 'd')
        enter_doubles((const double *)values->buf + begin, n, fresh, column);
    else if (code == 'f')
        enter_floats((const float *)values->buf + begin, n, fresh, column);
    else if (code == 'l')
        enter_integers((const int64_t *)values->buf + begin, n, fresh, column);
    else
        enter_bools((const uint8_t *)values->buf + begin, n, fresh, column);
}

static void keep_column(const Column *column, Columns out, Py_ssize_t at)
{
    int some = column->least <= column->most;
    out.first[at] = column->first;
    out.low[at] = some ? column->least : NAN;
    out.high[at] = some ? column->most : NAN;
    out.last[at] = column->last;
}

/* Merge points begin to end, counted through all parts, that lie in one pixel; returns the number of columns, -1 when
 * there is no room for them. */
static Py_ssize_t merge_ascending(const Part *parts, Py_ssize_t parts_n, double origin, Py_ssize_t begin,
                                  Py_ssize_t end, double low, double scale, Columns out, Columns course,
                                  Py_ssize_t room)
{
    Column column = {0}, smoothed = {0};
    Py_ssize_t count = 0, passed = 0;
    int64_t here = 0;
    double next = -INFINITY, left = 0, right = 0;
    for (Py_ssize_t k = 0; k < parts_n && passed < end; passed += parts[k].n, k++) {
        const Part *part = &parts[k];
        Py_ssize_t i = begin > passed ? begin - passed : 0, stop = end - passed < part->n ? end - passed : part->n;
        while (i < stop) {
            double x = x_at(part, i, origin), at = (x - low) * scale;
            int fresh = 0;
            if (!(at < next)) { /* whole numbers so large that float64 has none in between are compared as pixels */
                int64_t pixel_here = whole((x - low) * scale);
                fresh = count == 0 || pixel_here != here;
                here = pixel_here;
                next = at > -4e15 && at < 4e15 ? (double)here + 1.0 : -INFINITY;
            }
            if (fresh) {
                if (count > 0) {
                    out.x0[count - 1] = left;
                    out.x1[count - 1] = right;
                    out.flags[count - 1] = column.flags;
                    keep_column(&column, out, count - 1);
                    if (course.first != NULL)
                        keep_column(&smoothed, course, count - 1);
                }
                if (count == room)
                    return -1;
                count++;
                left = x;
            }
            Py_ssize_t first = i++;
            if (part->x_code == 'l') {
                const int64_t *places = part->x.buf;
                while (i < stop && ((double)places[i] - low) * scale < next)
                    i++;
            } else {
                const double *places = part->x.buf;
                while (i < stop && (places[i] - origin - low) * scale < next)
                    i++;
            }
            right = x_at(part, i - 1, origin);
            enter_values(&part->y, part->y_code, first, i - first, fresh, &column);
            if (course.first != NULL)
                enter_values(&part->course, 'd', first, i - first, fresh, &smoothed);
        }
    }
    if (count > 0) {
        out.x0[count - 1] = left;
        out.x1[count - 1] = right;
        out.flags[count - 1] = column.flags;
        keep_column(&column, out, count - 1);
        if (course.first != NULL)
            keep_column(&smoothed, course, count - 1);
    }
    return count;
}

/* merge_parts(parts, origin, lo, hi, low, scale, most, columns, flags): columns float64[6 or 10, room], flags
 * uint8[room]. Returns (begin, end, inside, count): which points a line between lo and hi needs, how many lie there, and
 * the number of columns; -1 when they were not merged, because no more than `most` lie there; -2 when there is no
 * room. None when x falls or is not finite. */
static PyObject *merge_parts(PyObject *module, PyObject *arguments)
{
    PyObject *given, *found = NULL;
    Py_buffer columns, flags;
    double origin, lo, hi, low, scale;
    Py_ssize_t most, taken = 0, total = 0, count = -1, begin = 0, end = 0, inside = 0;
    int ascends = 0, with_course = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!dddddnw*w*", &PyTuple_Type, &given, &origin, &lo, &hi, &low, &scale, &most,
                          &columns, &flags))
        return NULL;
    Py_ssize_t parts_n = PyTuple_Size(given), room = flags.len;
    Part *parts = PyMem_Calloc(parts_n ? (size_t)parts_n : 1, sizeof(Part));
    if (parts == NULL) {
        PyErr_NoMemory();
        fits = 0;
    }
    for (; fits && taken < parts_n; taken++) {
        if (!take_part(PyTuple_GetItem(given, taken), &parts[taken])) {
            fits = 0;
            break;
        }
        total += parts[taken].n;
        with_course |= parts[taken].has_course;
    }
    for (Py_ssize_t k = 0; fits && k < parts_n; k++) {
        if (parts[k].has_course != with_course) {
            PyErr_SetString(PyExc_ValueError, "some parts have smoothed values, some have none");
            fits = 0;
        }
    }
    fits = fits && has_length(&columns, (with_course ? 10 : 6) * room, 8);
    if (fits) {
        double *rows = columns.buf;
        Columns out = {rows,
                       rows + room,
                       rows + 2 * room,
                       rows + 3 * room,
                       rows + 4 * room,
                       rows + 5 * room,
                       flags.buf};
        Columns course = {NULL, NULL, NULL, NULL, NULL, NULL, NULL};
        if (with_course) {
            course.first = rows + 6 * room;
            course.low = rows + 7 * room;
            course.high = rows + 8 * room;
            course.last = rows + 9 * room;
        }
        Py_BEGIN_ALLOW_THREADS
        ascends = is_ascending(parts, parts_n, origin);
        if (ascends) {
            begin = find_place(parts, parts_n, origin, lo, 0);
            end = find_place(parts, parts_n, origin, hi, 1);
            inside = end - begin;
            /* The neighbours on either side: a line runs out of the frame. */
            begin -= begin > 0;
            end += end < total;
            if (inside > most) {
                count = merge_ascending(parts, parts_n, origin, begin, end, low, scale, out, course, room);
                count = count < 0 ? -2 : count;
            }
        }
        Py_END_ALLOW_THREADS
        found = ascends ? Py_BuildValue("nnnn", begin, end, inside, count) : Py_NewRef(Py_None);
    }
    if (parts != NULL)
        release_parts(parts, taken);
    PyMem_Free(parts);
    PyBuffer_Release(&columns);
    PyBuffer_Release(&flags);
    return found;
}

/* ------------------------------------------------------------------------------------------------ smoothed buckets */

#define BUCKET 16
#define AT_A_TIME (16 * BUCKET)

typedef struct {
    double weight, sum, size;
    double least, most; /* of the finite values that entered */
} Decay;

/* Values n that are all finite. Four at a time: what comes of each group but for the past waits for nothing. */
static void decay_finite(Decay *decay, const double *values, double *out, Py_ssize_t n)
{
    const double w = decay->weight, w2 = w * w, w3 = w2 * w, w4 = w2 * w2;
    const double c2 = w + 1.0, c3 = c2 * w + 1.0, c4 = c3 * w + 1.0;
    double sum = decay->sum, size = decay->size;
    Py_ssize_t i = 0;
    for (; i + 4 <= n; i += 4) {
        double a0 = values[i], a1 = a0 * w + values[i + 1], a2 = a1 * w + values[i + 2], a3 = a2 * w + values[i + 3];
        double grown = size * w4 + c4;
        if (grown == size) { /* what is left of the first value is below the precision of the rest */
            double share = 1.0 / size;
            out[i] = (sum * w + a0) * share;
            out[i + 1] = (sum * w2 + a1) * share;
            out[i + 2] = (sum * w3 + a2) * share;
            out[i + 3] = (sum * w4 + a3) * share;
        } else {
            out[i] = (sum * w + a0) / (size * w + 1.0);
            out[i + 1] = (sum * w2 + a1) / (size * w2 + c2);
            out[i + 2] = (sum * w3 + a2) / (size * w3 + c3);
            out[i + 3] = (sum * w4 + a3) / grown;
        }
        sum = sum * w4 + a3;
        size = grown;
    }
    for (; i < n; i++) {
        sum = sum * w + values[i];
        size = size * w + 1.0;
        out[i] = sum / size;
    }
    decay->sum = sum;
    decay->size = size;
}

/* Values of which some are not finite: those pass through. */
static void decay_some(Decay *decay, const double *values, double *out, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (is_finite(values[i]))
            decay_finite(decay, values + i, out + i, 1);
        else
            out[i] = values[i];
    }
}

static void widen_values(const Py_buffer *values, char code, Py_ssize_t begin, double *out, Py_ssize_t n)
{
    if (code == 'd') {
        memcpy(out, (const double *)values->buf + begin, (size_t)n * 8);
    } else if (code == 'f') {
        const float *from = (const float *)values->buf + begin;
        for (Py_ssize_t i = 0; i < n; i++)
            out[i] = (double)from[i];
    } else if (code == 'l') {
        const int64_t *from = (const int64_t *)values->buf + begin;
        for (Py_ssize_t i = 0; i < n; i++)
            out[i] = (double)from[i];
    } else {
        const uint8_t *from = (const uint8_t *)values->buf + begin;
        for (Py_ssize_t i = 0; i < n; i++)
            out[i] = (double)from[i];
    }
}

/* Smallest and largest of n finite values, four at a time. */
static void span_of(const double *values, Py_ssize_t n, double *least, double *most)
{
    double low[4] = {*least, *least, *least, *least}, high[4] = {*most, *most, *most, *most};
    Py_ssize_t i = 0;
    for (; i + 4 <= n; i += 4) {
        for (int k = 0; k < 4; k++) {
            low[k] = values[i + k] < low[k] ? values[i + k] : low[k];
            high[k] = values[i + k] > high[k] ? values[i + k] : high[k];
        }
    }
    for (; i < n; i++) {
        low[0] = values[i] < low[0] ? values[i] : low[0];
        high[0] = values[i] > high[0] ? values[i] : high[0];
    }
    for (int k = 1; k < 4; k++) {
        low[0] = low[k] < low[0] ? low[k] : low[0];
        high[0] = high[k] > high[0] ? high[k] : high[0];
    }
    *least = low[0];
    *most = high[0];
}

/* Whether none of n values has the exponent of infinities and of what is no number: one more carries into the sign. */
static int are_finite(const double *values, Py_ssize_t n)
{
    uint64_t carried = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], 8);
        carried |= (bits & 0x7ff0000000000000u) + 0x0010000000000000u;
    }
    return !(carried >> 63);
}

/* One part: its smoothed values into `out` (NULL: nowhere) and their buckets into four arrays from `at` on. */
static void decay_part(Decay *decay, const Py_buffer *values, char code, Py_ssize_t n, double *out, double *buckets,
                       Py_ssize_t stride, Py_ssize_t at)
{
    double given[AT_A_TIME], found[AT_A_TIME];
    for (Py_ssize_t begin = 0; begin < n; begin += AT_A_TIME) {
        Py_ssize_t length = n - begin < AT_A_TIME ? n - begin : AT_A_TIME;
        double *smoothed = out == NULL ? found : out + begin;
        widen_values(values, code, begin, given, length);
        int finite = are_finite(given, length);
        if (finite) {
            span_of(given, length, &decay->least, &decay->most);
            decay_finite(decay, given, smoothed, length);
        } else {
            Column column = {0};
            enter_doubles(given, length, 1, &column);
            decay->least = column.least < decay->least ? column.least : decay->least;
            decay->most = column.most > decay->most ? column.most : decay->most;
            decay_some(decay, given, smoothed, length);
        }
        for (Py_ssize_t i = 0; buckets != NULL && i < length; i += BUCKET, at++) {
            Py_ssize_t inside = length - i < BUCKET ? length - i : BUCKET;
            Column column = {smoothed[i], INFINITY, -INFINITY, smoothed[i + inside - 1], 0};
            if (finite)
                span_of(smoothed + i, inside, &column.least, &column.most);
            else
                enter_doubles(smoothed + i, inside, 1, &column);
            buckets[at] = column.first;
            buckets[stride + at] = column.least <= column.most ? column.least : NAN;
            buckets[2 * stride + at] = column.least <= column.most ? column.most : NAN;
            buckets[3 * stride + at] = column.last;
        }
    }
}

/* decay_parts(parts, codes, weight, states, span, buckets, out): parts are values, codes a letter for each. states
 * float64[parts + 1, 2]: sum and size before the first part are given, those before each other one and after the last
 * are written. span float64[2]: smallest and largest finite value, given and taken on. buckets float64[4, n], or None,
 * and out float64[n], or None, are written. */
static PyObject *decay_parts(PyObject *module, PyObject *arguments)
{
    PyObject *given, *given_buckets, *given_out;
    const char *codes;
    Py_ssize_t length, taken = 0, total = 0, buckets_n = 0;
    Py_buffer states, span, buckets, out;
    Decay decay = {0};
    int fits = 1, has_buckets = 0, has_out = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!s#dw*w*OO", &PyTuple_Type, &given, &codes, &length, &decay.weight, &states,
                          &span, &given_buckets, &given_out))
        return NULL;
    Py_ssize_t parts_n = PyTuple_Size(given);
    Py_buffer *parts = PyMem_Calloc(parts_n ? (size_t)parts_n : 1, sizeof(Py_buffer));
    if (parts == NULL) {
        PyErr_NoMemory();
        fits = 0;
    }
    if (fits && length != parts_n) {
        PyErr_Format(PyExc_ValueError, "%zd codes for %zd parts", length, parts_n);
        fits = 0;
    }
    for (; fits && taken < parts_n; taken++) {
        Py_ssize_t width = width_of(codes[taken]);
        if (!width) {
            PyErr_Format(PyExc_ValueError, "unknown code in %s", codes);
            fits = 0;
            break;
        }
        if (PyObject_GetBuffer(PyTuple_GetItem(given, taken), &parts[taken], PyBUF_SIMPLE) < 0) {
            fits = 0;
            break;
        }
        Py_ssize_t n = parts[taken].len / width;
        if (!is_array(&parts[taken], n, width)) {
            taken++;
            fits = 0;
            break;
        }
        total += n;
        buckets_n += (n + BUCKET - 1) / BUCKET;
    }
    fits = fits && has_length(&states, 2 * (parts_n + 1), 8) && has_length(&span, 2, 8);
    if (fits && given_buckets != Py_None) {
        has_buckets = PyObject_GetBuffer(given_buckets, &buckets, PyBUF_WRITABLE) == 0;
        fits = has_buckets && has_length(&buckets, 4 * buckets_n, 8);
    }
    if (fits && given_out != Py_None) {
        has_out = PyObject_GetBuffer(given_out, &out, PyBUF_WRITABLE) == 0;
        fits = has_out && has_length(&out, total, 8);
    }
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        double *state = states.buf, *limits = span.buf;
        Py_ssize_t at = 0, passed = 0;
        decay.sum = state[0];
        decay.size = state[1];
        decay.least = limits[0];
        decay.most = limits[1];
        for (Py_ssize_t k = 0; k < parts_n; k++) {
            Py_ssize_t n = parts[k].len / width_of(codes[k]);
            decay_part(&decay, &parts[k], codes[k], n, has_out ? (double *)out.buf + passed : NULL,
                       has_buckets ? buckets.buf : NULL, buckets_n, at);
            passed += n;
            at += (n + BUCKET - 1) / BUCKET;
            state[2 * k + 2] = decay.sum;
            state[2 * k + 3] = decay.size;
        }
        limits[0] = decay.least;
        limits[1] = decay.most;
        Py_END_ALLOW_THREADS
    }
    for (Py_ssize_t i = 0; i < taken; i++)
        PyBuffer_Release(&parts[i]);
    PyMem_Free(parts);
    PyBuffer_Release(&states);
    PyBuffer_Release(&span);
    if (has_buckets)
        PyBuffer_Release(&buckets);
    if (has_out)
        PyBuffer_Release(&out);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

/* ------------------------------------------------------------------------------------------------ values at positions */

static double y_at(const Part *part, Py_ssize_t i)
{
    switch (part->y_code) {
    case 'd':
        return ((const double *)part->y.buf)[i];
    case 'f':
        return (double)((const float *)part->y.buf)[i];
    case 'l':
        return (double)((const int64_t *)part->y.buf)[i];
    default:
        return (double)((const uint8_t *)part->y.buf)[i];
    }
}

/* Values at ascending positions, NaN outside of the line; returns whether all others were logged there, -1 where a value
 * that counts is not finite. */
static int sample_ascending(const Part *parts, Py_ssize_t count, double origin, const double *positions, double *out,
                            Py_ssize_t n)
{
    Py_ssize_t k = 0, i = 0;
    double left_x = 0, left_y = 0;
    int begun = 0, logged = 1;
    for (Py_ssize_t m = 0; m < n; m++) {
        double at = positions[m];
        /* The first point at or beyond the position; the one before it is the last logged at its x. */
        while (k < count && (i == parts[k].n || x_at(&parts[k], parts[k].n - 1, origin) < at)) {
            if (i < parts[k].n) {
                left_x = x_at(&parts[k], parts[k].n - 1, origin);
                left_y = y_at(&parts[k], parts[k].n - 1);
                begun = 1;
            }
            k++;
            i = 0;
        }
        if (k == count) {
            out[m] = NAN;
            continue;
        }
        Py_ssize_t low = i, high = parts[k].n - 1;
        while (low < high) {
            Py_ssize_t middle = low + (high - low) / 2;
            if (x_at(&parts[k], middle, origin) < at)
                low = middle + 1;
            else
                high = middle;
        }
        if (low > i) {
            left_x = x_at(&parts[k], low - 1, origin);
            left_y = y_at(&parts[k], low - 1);
            begun = 1;
        }
        i = low;
        double right_x = x_at(&parts[k], i, origin), right_y = y_at(&parts[k], i);
        if (!begun && right_x != at) {
            out[m] = NAN;
            continue;
        }
        Py_ssize_t part = k, next = i + 1; /* of several at one x the last logged */
        while (part < count) {
            if (next >= parts[part].n) {
                part++;
                next = 0;
                continue;
            }
            if (x_at(&parts[part], next, origin) != right_x)
                break;
            right_y = y_at(&parts[part], next++);
        }
        if (right_x == at) {
            out[m] = right_y;
        } else {
            double share = (at / 2 - left_x / 2) / (right_x / 2 - left_x / 2);
            if (!is_finite(left_y))
                return -1;
            out[m] = left_y * (1 - share) + right_y * share;
            logged = 0;
        }
        if (!is_finite(right_y))
            return -1;
    }
    return logged;
}

/* sample_parts(parts, origin, positions, out): positions and out float64[n], positions ascending. Returns whether every
 * value was logged at its position; None where x falls or a number is not finite. */
static PyObject *sample_parts(PyObject *module, PyObject *arguments)
{
    PyObject *given, *found = NULL;
    Py_buffer positions, out;
    double origin;
    Py_ssize_t taken = 0;
    int fits, logged = -1;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "O!dy*w*", &PyTuple_Type, &given, &origin, &positions, &out))
        return NULL;
    Py_ssize_t parts_n = PyTuple_Size(given), n = positions.len / 8;
    Part *parts = PyMem_Calloc(parts_n ? (size_t)parts_n : 1, sizeof(Part));
    fits = parts != NULL && is_array(&positions, n, 8) && is_array(&out, n, 8);
    if (parts == NULL)
        PyErr_NoMemory();
    for (; fits && taken < parts_n; taken++) {
        if (!take_part(PyTuple_GetItem(given, taken), &parts[taken])) {
            fits = 0;
            break;
        }
    }
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        if (is_ascending(parts, parts_n, origin))
            logged = sample_ascending(parts, parts_n, origin, positions.buf, out.buf, n);
        Py_END_ALLOW_THREADS
        found = logged < 0 ? Py_NewRef(Py_None) : PyBool_FromLong(logged);
    }
    if (parts != NULL)
        release_parts(parts, taken);
    PyMem_Free(parts);
    PyBuffer_Release(&positions);
    PyBuffer_Release(&out);
    return found;
}

/* ------------------------------------------------------------------------------------------------ memory */

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/* keep_freed(kept, apart): tell the C library to keep up to `kept` freed bytes for each of its arenas, and to ask the
 * system for a piece of memory of its own only from `apart` bytes on. Returns whether it can be told. */
static PyObject *keep_freed(PyObject *module, PyObject *arguments)
{
    int kept, apart, told = 0;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "ii", &kept, &apart))
        return NULL;
#if defined(__GLIBC__)
    told = mallopt(M_TRIM_THRESHOLD, kept) && mallopt(M_MMAP_THRESHOLD, apart);
#endif
    return PyBool_FromLong(told);
}
