/*
 * The arithmetic of the host's steps. Every function gives the same bits on every machine: floats
 * are IEEE 754, nothing is contracted (-std=c11 or -ffp-contract=off), and of the C library's
 * functions only those are used whose result the standard fixes.
 */
#ifndef LAPIDARY_H
#define LAPIDARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "-ffast-math changes results"
#endif
#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#error "needs C11"
#endif
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754 floats");

/* Elements of tensors; memory is used again for other types. */
typedef float __attribute__((may_alias)) lap_f32;
typedef int64_t __attribute__((may_alias)) lap_i64;
typedef int32_t __attribute__((may_alias)) lap_i32;
typedef int8_t lap_i8;
typedef uint8_t lap_bool;

/* --- conversions and rounding --- */

static inline double lap_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t lap_to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Toward zero, saturating; not-a-number becomes 0. */
static inline int64_t lap_trunc(double v)
{
    if (v != v) {
        return 0;
    }
    if (v >= 9223372036854775808.0) {
        return INT64_MAX;
    }
    return v <= -9223372036854775808.0 ? INT64_MIN : (int64_t)v;
}

static inline int64_t lap_clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static inline int64_t lap_round_clamp(double v, int64_t low, int64_t high)
{
    return lap_clamp(lap_trunc(rint(v)), low, high);
}

/* int32 to float32, times a float32, to the nearest int8, ties to even, saturating. */
static inline int8_t lap_scale8(int32_t v, float scale)
{
    float product = (float)v * scale;
    return (int8_t)(product != product ? 127 : lap_round_clamp((double)product, -128, 127));
}

/* --- integers that wrap --- */

static inline int64_t lap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t lap_sub(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t lap_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static inline int32_t lap_add32(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t lap_mul32(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* Toward zero; b is not 0. */
static inline int64_t lap_div(int64_t a, int64_t b)
{
    return b == -1 ? lap_sub(0, a) : a / b;
}

/* With the sign of a; b is not 0. */
static inline int64_t lap_rem(int64_t a, int64_t b)
{
    return b == -1 ? 0 : a % b;
}

/* With the sign of b; b is not 0. */
static inline int64_t lap_mod(int64_t a, int64_t b)
{
    int64_t rest = lap_rem(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static inline int64_t lap_int_power(int64_t base, int64_t exponent)
{
    if (exponent < 0) {
        int64_t odd = base == -1 && (exponent & 1) != 0 ? -1 : 1;
        return base == 1 || base == -1 ? odd : base == 0 ? INT64_MAX : 0;
    }
    int64_t result = 1;
    for (; exponent > 0; exponent >>= 1) {
        result = (exponent & 1) != 0 ? lap_mul(result, base) : result;
        base = lap_mul(base, base);
    }
    return result;
}

/* A position on an axis, counted from its end when negative; -1 if it is beyond. */
static inline int64_t lap_position(int64_t index, int64_t size)
{
    int64_t position = index < 0 ? index + size : index;
    return position < size ? (position < 0 ? -1 : position) : -1;
}

/* --- real functions --- */

static inline double lap_max(double a, double b)
{
    if (a != a) {
        return a;
    }
    return a == 0 && b == 0 ? (signbit(a) ? b : a) : a >= b ? a : b;
}

static inline double lap_min(double a, double b)
{
    if (a != a) {
        return a;
    }
    return a == 0 && b == 0 ? (signbit(a) ? a : b) : a <= b ? a : b;
}

/* Total order of floats: -0 below 0, not-a-number above all. */
static inline int lap_compare(float a, float b)
{
    if (a < b) {
        return -1;
    }
    if (a > b) {
        return 1;
    }
    int a_nan = a != a;
    int b_nan = b != b;
    if (a_nan || b_nan) {
        return a_nan - b_nan;
    }
    return (signbit(b) != 0) - (signbit(a) != 0);
}

static inline double lap_exp(double x)
{
    static const double inverse_factorials[] = {
        1.0,           1.0,           1.0 / 2,        1.0 / 6,         1.0 / 24,
        1.0 / 120,     1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
        1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0, 1.0 / 87178291200.0};
    if (x > 709) {
        return HUGE_VAL;
    }
    if (x < -708) {
        return 0;
    }
    if (x != x) {
        return x;
    }
    double k = rint(x / 0x1.62e42fefa39efp-1);
    double rest = x - k * 0x1.62e42feep-1 - k * 0x1.a39ef35793c76p-33;
    double sum = 0;
    for (int n = 14; n >= 0; n--) {
        sum = inverse_factorials[n] + rest * sum;
    }
    return sum * lap_from_bits((uint64_t)((int64_t)k + 1023) << 52);
}

static inline double lap_atanh(double x)
{
    double square = x * x;
    double sum = 0;
    for (int n = 16; n > 0; n--) {
        sum = square * (sum + 1.0 / (2 * n + 1));
    }
    return x * (1 + sum);
}

static inline double lap_log(double x)
{
    if (x != x || x < 0) {
        return (double)NAN;
    }
    if (x == 0) {
        return -HUGE_VAL;
    }
    if (x == HUGE_VAL) {
        return x;
    }
    uint64_t bits = lap_to_bits(x);
    double exponent = (double)((int64_t)(bits >> 52) - 1023);
    double mantissa = lap_from_bits((bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1023) << 52);
    if (mantissa > 1.4142135) {
        mantissa /= 2;
        exponent += 1;
    }
    double rest = 2 * lap_atanh((mantissa - 1) / (mantissa + 1));
    return exponent * 0x1.62e42feep-1 + (exponent * 0x1.a39ef35793c76p-33 + rest);
}

static inline double lap_tanh(double x)
{
    double a = fabs(x);
    double square = x * x;
    if (a < 0.08) {
        double tail = 62.0 / 2835 + square * (-1382.0 / 155925);
        return x
            * (1 + square * (-1.0 / 3 + square * (2.0 / 15 + square * (-17.0 / 315 + square * tail))));
    }
    return a > 20 ? copysign(1, x) : copysign(1 - 2 / (lap_exp(2 * a) + 1), x);
}

static inline double lap_sigmoid(double x)
{
    return 1 / (1 + lap_exp(-x));
}

static inline double lap_softplus(double x)
{
    double e = lap_exp(-fabs(x));
    return lap_max(x, 0) + 2 * lap_atanh(e / (2 + e));
}

static inline double lap_sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

/* For exponents that are small integers or one half. */
static inline double lap_power(double x, double exponent)
{
    int twice = (int)(2 * exponent);
    if (twice == 1) {
        return x == -HUGE_VAL ? HUGE_VAL : sqrt(x + 0.0);
    }
    double product = 1;
    for (int i = twice / 2 < 0 ? -(twice / 2) : twice / 2; i > 0; i--) {
        product *= x;
    }
    return twice < 0 ? 1 / product : product;
}

#define LAP_ERF_STEPS 64
#define LAP_ERF_END 6

/* Values and slopes of the error function at multiples of 1/64, filled by lap_erf_prepare. */
typedef struct {
    double values[LAP_ERF_END * LAP_ERF_STEPS + 1];
    double slopes[LAP_ERF_END * LAP_ERF_STEPS + 1];
} lap_erf_table;

static inline void lap_erf_prepare(lap_erf_table *table)
{
    double slope_at_0 = 2 / sqrt(0x1.921fb54442d18p+1);
    for (int i = 0; i <= LAP_ERF_END * LAP_ERF_STEPS; i++) {
        double x = (double)i / LAP_ERF_STEPS;
        double slope = slope_at_0 * lap_exp(-x * x);
        double term = x;
        double sum = x;
        for (int n = 1; term > sum * 1e-17; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        table->slopes[i] = slope;
        table->values[i] = slope * sum;
    }
}

static inline double lap_erf(const lap_erf_table *table, double x)
{
    double a = fabs(x);
    if (!(a < LAP_ERF_END)) {
        return lap_sign(x);
    }
    int step = (int)rint(a * LAP_ERF_STEPS);
    double x0 = (double)step / LAP_ERF_STEPS;
    double h = a - x0;
    double square = x0 * x0;
    double third = (2 * square - 1) / 3;
    double fourth = x0 * (3 - 2 * square) / 6;
    double y =
        table->values[step] + table->slopes[step] * h * (1 + h * (-x0 + h * (third + h * fourth)));
    return copysign(y, x);
}

static inline double lap_gelu(const lap_erf_table *table, double x)
{
    return x / 2 * (1 + lap_erf(table, x / 0x1.6a09e667f3bcdp+0));
}

static inline double lap_tanh_gelu(double x)
{
    return x / 2 * (1 + lap_tanh(0x1.9884533d43651p-1 * (x + 0.044715 * x * x * x)));
}

static inline float lap_on_grid(float x, float step, int zero, int low, int high)
{
    double q = rint((double)(x / step)) + zero;
    double clipped = lap_min(lap_max(q, low), high);
    return (float)(clipped - zero) * step;
}

/* --- the integer polynomials of I-BERT --- */

static inline int32_t lap_igelu(int32_t q, int32_t qb, int32_t qc)
{
    int32_t magnitude = q < 0 ? lap_mul32(q, -1) : q;
    int32_t end = lap_mul32(qb, -1);
    int32_t rest = lap_add32(magnitude < end ? magnitude : end, qb);
    int32_t p = lap_add32(lap_mul32(rest, rest), qc);
    return lap_mul32(q, lap_add32(q < 0 ? lap_mul32(p, -1) : p, qc));
}

static inline int32_t lap_iexp(int32_t t, int32_t qln2, int32_t qln2_inv, int32_t qb, int32_t qc)
{
    int64_t product = -(int64_t)t * qln2_inv;
    int64_t z = (product - (product & 0xffff)) / 0x10000;
    if (z >= 32) {
        return 0;
    }
    int32_t rest = lap_add32(lap_add32(t, lap_mul32((int32_t)z, qln2)), qb);
    return (int32_t)((uint32_t)lap_add32(lap_mul32(rest, rest), qc) >> (z & 31));
}

/* The largest integer whose square is not above v. */
static inline int32_t lap_isqrt(int32_t v)
{
    int64_t root = (int64_t)sqrt((double)v);
    while (root * root > v) {
        root--;
    }
    while ((root + 1) * (root + 1) <= v) {
        root++;
    }
    return (int32_t)root;
}

static inline void lap_isoftmax_row(const lap_i32 *x, lap_i8 *y, long n, int32_t qln2,
                                    int32_t qln2_inv, int32_t qb, int32_t qc, float scale)
{
    int32_t max = INT32_MIN;
    for (long i = 0; i < n; i++) {
        max = x[i] > max ? x[i] : max;
    }
    int32_t sum = 0;
    for (long i = 0; i < n; i++) {
        sum = lap_add32(sum, lap_iexp(lap_add32(x[i], lap_mul32(max, -1)), qln2, qln2_inv, qb, qc));
    }
    float factor = 127.0f / (float)sum * scale;
    for (long i = 0; i < n; i++) {
        y[i] = lap_scale8(
            lap_iexp(lap_add32(x[i], lap_mul32(max, -1)), qln2, qln2_inv, qb, qc), factor);
    }
}

static inline void lap_ilayernorm_row(const lap_i32 *x, lap_i8 *y, long n, float scale,
                                      int truncating)
{
    int32_t sum = 0;
    for (long i = 0; i < n; i++) {
        sum = lap_add32(sum, x[i]);
    }
    int32_t mean = (int32_t)(sum / n);
    int32_t squares = 0;
    for (long i = 0; i < n; i++) {
        int32_t centred = lap_add32(x[i], lap_mul32(mean, -1));
        squares = lap_add32(squares, lap_mul32(centred, centred));
    }
    int32_t variance = (int32_t)(squares / n);
    int32_t deviation = variance < 1 ? 1 : lap_isqrt(variance);
    float inverse = 1.0f / (float)deviation;
    for (long i = 0; i < n; i++) {
        int32_t centred = lap_add32(x[i], lap_mul32(mean, -1));
        if (truncating) {
            int64_t whole = lap_trunc((double)((float)centred * inverse));
            y[i] = lap_scale8((int32_t)lap_clamp(whole, INT32_MIN, INT32_MAX), scale);
        } else {
            y[i] = lap_scale8(centred, inverse * scale);
        }
    }
}

/* --- rows of floats --- */

/* Along an axis: elements of a line are `step` apart. */
static inline void lap_softmax(const lap_f32 *x, lap_f32 *y, long lines, long size, long step)
{
    for (long line = 0; line < lines; line++) {
        long from = line / step * step * size + line % step;
        float max = -HUGE_VALF;
        for (long i = 0; i < size; i++) {
            max = (float)lap_max((double)max, (double)x[from + i * step]);
        }
        double sum = 0;
        for (long i = 0; i < size; i++) {
            sum += lap_exp((double)x[from + i * step] - (double)max);
        }
        for (long i = 0; i < size; i++) {
            y[from + i * step] = (float)(lap_exp((double)x[from + i * step] - (double)max) / sum);
        }
    }
}

static inline void lap_layernorm(const lap_f32 *x, const lap_f32 *gamma, const lap_f32 *beta,
                                 lap_f32 *y, long rows, long n, double epsilon)
{
    for (long row = 0; row < rows; row++, x += n, y += n) {
        double sum = 0;
        for (long i = 0; i < n; i++) {
            sum += (double)x[i];
        }
        double mean = sum / (double)n;
        double squares = 0;
        for (long i = 0; i < n; i++) {
            squares += ((double)x[i] - mean) * ((double)x[i] - mean);
        }
        double inverse = 1 / sqrt(squares / (double)n + epsilon);
        for (long i = 0; i < n; i++) {
            y[i] = (float)(((double)x[i] - mean) * inverse * (double)gamma[i] + (double)beta[i]);
        }
    }
}

/* One fused multiply-add after the other along the inner axis. */
static inline void lap_matmul_f32(const lap_f32 *a, const lap_f32 *b, lap_f32 *y, long m, long k,
                                  long n)
{
    for (long i = 0; i < m; i++, a += k, y += n) {
        for (long j = 0; j < n; j++) {
            y[j] = 0;
        }
        for (long inner = 0; inner < k; inner++) {
            float factor = a[inner];
            for (long j = 0; j < n; j++) {
                y[j] = fmaf(factor, b[inner * n + j], y[j]);
            }
        }
    }
}

static inline void lap_matmul_i8(const lap_i8 *a, const lap_i8 *b, lap_i32 *y, long m, long k,
                                 long n)
{
    for (long i = 0; i < m; i++, a += k, y += n) {
        for (long j = 0; j < n; j++) {
            int32_t sum = 0;
            for (long inner = 0; inner < k; inner++) {
                sum = lap_add32(sum, a[inner] * b[inner * n + j]);
            }
            y[j] = sum;
        }
    }
}

/* On 256 steps that span the tensor's own range, 0 included. */
static inline void lap_fake_quantize_dynamic(const lap_f32 *x, lap_f32 *y, long n)
{
    float low = 0;
    float high = 0;
    for (long i = 0; i < n; i++) {
        low = (float)lap_min((double)low, (double)x[i]);
        high = (float)lap_max((double)high, (double)x[i]);
    }
    float step = high == low ? 1 : (high - low) / 255;
    double zero = rint(lap_min(255, lap_max((double)(-low / step), 0)));
    for (long i = 0; i < n; i++) {
        double q = lap_min(255, lap_max(rint((double)(x[i] / step)) + zero, 0));
        y[i] = (float)(q - zero) * step;
    }
}

#endif
