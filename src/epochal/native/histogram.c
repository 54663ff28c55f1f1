/* Counting values into buckets of any edges: part of compiled.c, which includes this file.
 *
 * The upper 16 bits of a double (sign, exponent, four bits of the mantissa) name the cell that it lies in. `firsts` says
 * for each cell how many edges are not above its smallest value; from there a value steps over the edges inside the cell,
 * of which there is at most one where each edge is 1.1 times the one before. */

#define LANES 8
#define BLOCK 1024

/* What is added up of one block: running sums in lanes, which vectors can hold, joined as a tree. */
static double joined(const double *lanes)
{
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

struct totals {
    double low, high, sum, squares;
};

static void add_block(const double *values, Py_ssize_t n, struct totals *totals)
{
    double sums[LANES] = {0}, squares[LANES] = {0}, lows[LANES], highs[LANES];
    for (int lane = 0; lane < LANES; lane++) {
        lows[lane] = totals->low;
        highs[lane] = totals->high;
    }
    Py_ssize_t whole = n - n % LANES;
    for (Py_ssize_t i = 0; i < whole; i += LANES)
        for (int lane = 0; lane < LANES; lane++) {
            double value = values[i + lane];
            sums[lane] += value;
            squares[lane] += value * value;
            lows[lane] = value < lows[lane] ? value : lows[lane];
            highs[lane] = value > highs[lane] ? value : highs[lane];
        }
    for (Py_ssize_t i = whole; i < n; i++) {
        double value = values[i];
        sums[i - whole] += value;
        squares[i - whole] += value * value;
        lows[0] = value < lows[0] ? value : lows[0];
        highs[0] = value > highs[0] ? value : highs[0];
    }
    for (int lane = 0; lane < LANES; lane++) {
        totals->low = lows[lane] < totals->low ? lows[lane] : totals->low;
        totals->high = highs[lane] > totals->high ? highs[lane] : totals->high;
    }
    totals->sum += joined(sums);
    totals->squares += joined(squares);
}

static void count_block(const double *values, Py_ssize_t n, const double *edges, Py_ssize_t edge_count,
                        const uint16_t *firsts, int64_t *counts)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        double value = values[i];
        uint64_t bits;
        memcpy(&bits, &value, 8);
        Py_ssize_t slot = firsts[bits >> 48];
        /* The first step without a branch, which would be wrong for every third value. */
        Py_ssize_t at = slot < edge_count ? slot : edge_count - 1;
        slot += (slot < edge_count) & (value >= edges[at]);
        while (slot < edge_count && value >= edges[slot])
            slot++;
        if (slot == edge_count && value == edges[edge_count - 1])
            slot--; /* the last bucket has its upper edge too */
        counts[slot]++;
    }
}

/* values: n doubles, or n floats where `is_narrow`. Block by block, so that each value is fetched from memory once. */
static void count_into(const void *values, int is_narrow, Py_ssize_t n, const double *edges, Py_ssize_t edge_count,
                       const uint16_t *firsts, int64_t *counts, double *found)
{
    struct totals totals = {INFINITY, -INFINITY, 0.0, 0.0};
    double widened[BLOCK];
    for (Py_ssize_t start = 0; start < n; start += BLOCK) {
        Py_ssize_t size = n - start < BLOCK ? n - start : BLOCK;
        const double *block = (const double *)values + start;
        if (is_narrow) {
            for (Py_ssize_t i = 0; i < size; i++)
                widened[i] = ((const float *)values)[start + i];
            block = widened;
        }
        add_block(block, size, &totals);
        count_block(block, size, edges, edge_count, firsts, counts);
    }
    /* A sum of squares is NaN with a NaN among the values, and with nothing else. */
    int has_nan = totals.squares != totals.squares;
    found[0] = has_nan ? NAN : totals.low;
    found[1] = has_nan ? NAN : totals.high;
    found[2] = totals.sum;
    found[3] = totals.squares;
}

static PyObject *count_values(PyObject *module, PyObject *arguments)
{
    Py_buffer values, edges, firsts, counts, found;
    int fits, is_narrow;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*py*y*w*w*", &values, &is_narrow, &edges, &firsts, &counts, &found))
        return NULL;
    Py_ssize_t width = is_narrow ? 4 : 8, n = values.len / width, edge_count = edges.len / 8;
    fits = has_length(&values, n, width) && has_length(&edges, edge_count, 8) && has_length(&firsts, 65536, 2) &&
           has_length(&counts, edge_count + 1, 8) && has_length(&found, 4, 8);
    if (fits && edge_count < 2) {
        PyErr_SetString(PyExc_ValueError, "fewer than two edges");
        fits = 0;
    }
    uint16_t furthest = 0;
    for (Py_ssize_t i = 0; fits && i < 65536; i++) {
        uint16_t first = ((const uint16_t *)firsts.buf)[i];
        furthest = first > furthest ? first : furthest;
    }
    if (fits && furthest > edge_count) {
        PyErr_SetString(PyExc_ValueError, "a cell begins behind the last edge");
        fits = 0;
    }
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        count_into(values.buf, is_narrow, n, edges.buf, edge_count, firsts.buf, counts.buf, found.buf);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&edges);
    PyBuffer_Release(&firsts);
    PyBuffer_Release(&counts);
    PyBuffer_Release(&found);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}
