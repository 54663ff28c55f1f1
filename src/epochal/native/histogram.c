/* Counting values into buckets of any edges: part of compiled.c, which includes this file.
 *
 * The upper 16 bits of a double (sign, exponent, four bits of the mantissa) name the cell that it lies in. `firsts` says
 * for each cell how many edges are not above its smallest value; from there a value steps over the edges inside the cell,
 * of which there is at most one where each edge is 1.1 times the one before. */

static void count_into(const double *values, Py_ssize_t n, const double *edges, Py_ssize_t edge_count,
                       const uint16_t *firsts, int64_t *counts, double *extremes)
{
    double low = INFINITY, high = -INFINITY;
    int has_nan = 0;
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
        low = value < low ? value : low;
        high = value > high ? value : high;
        has_nan |= value != value;
    }
    extremes[0] = has_nan ? NAN : low;
    extremes[1] = has_nan ? NAN : high;
}

static PyObject *count_values(PyObject *module, PyObject *arguments)
{
    Py_buffer values, edges, firsts, counts, extremes;
    int fits;
    (void)module;
    if (!PyArg_ParseTuple(arguments, "y*y*y*w*w*", &values, &edges, &firsts, &counts, &extremes))
        return NULL;
    Py_ssize_t n = values.len / 8, edge_count = edges.len / 8;
    fits = has_length(&values, n, 8) && has_length(&edges, edge_count, 8) && has_length(&firsts, 65536, 2) &&
           has_length(&counts, edge_count + 1, 8) && has_length(&extremes, 2, 8);
    if (fits && edge_count < 2) {
        PyErr_SetString(PyExc_ValueError, "fewer than two edges");
        fits = 0;
    }
    for (Py_ssize_t i = 0; fits && i < 65536; i++)
        if (((const uint16_t *)firsts.buf)[i] > edge_count) {
            PyErr_SetString(PyExc_ValueError, "a cell begins behind the last edge");
            fits = 0;
        }
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        count_into(values.buf, n, edges.buf, edge_count, firsts.buf, counts.buf, extremes.buf);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&values);
    PyBuffer_Release(&edges);
    PyBuffer_Release(&firsts);
    PyBuffer_Release(&counts);
    PyBuffer_Release(&extremes);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}
