package org.lapidary.machine;

/// The rows in which the original C++ functional model and the hardware differ, gemmini.md §8: the
/// one place where they are declared. The simulator asks [Semantics#hardware] about each row it
/// switches on.
public enum Divergence {
  IEXP(
      1,
      "iexp",
      "shift modulo 32, product wraps",
      "shift saturates to 0, product at full width (working revision 80f4511)"),
  LAYERNORM_ROUNDING(
      2,
      "LAYERNORM rounding",
      "truncated to an integer, then scaled and rounded",
      "one rounding of (q - mean) * (inv_stddev * acc_scale)"),
  SOFTMAX_ROUNDING(
      3,
      "SOFTMAX times acc_scale",
      "rounded to int8 twice",
      "one rounding of iexp * (inv_sum_exp * acc_scale)"),
  FULL_WIDTH_ACTIVATION(
      4,
      "int32 mvout with IGELU, LAYERNORM, SOFTMAX",
      "activation applied",
      "raw accumulator value"),
  STICKY_SOFTMAX(
      5, "leaving SOFTMAX", "store activation 0 and norm msb 0 keep it", "both clear it"),
  RELU_ORDER(6, "RELU", "after the scale", "before the scale"),
  OS_RESULT_TO_ACCUMULATOR(
      7,
      "output-stationary result to the accumulator",
      "unshifted, 32 bits",
      "shifted, clipped to 20 bits"),
  LOOP_WS_ADDRESSES(
      9,
      "local addresses of LOOP_WS",
      "always the first halves",
      "halves of scratchpad and accumulator alternate"),
  LOOP_WS_CONTROL_BITS(
      9,
      "skip and toggle bits of LOOP_WS",
      "ignored",
      "obeyed, but for storing to an external scratchpad, which traps"),
  POOLED_CONV_ACTIVATION(
      12, "activation of pooled LOOP_CONV_WS outputs", "one bit: RELU or none", "two bits"),
  STORE_SCALE_ALL_ONES(14, "store scale of all ones", "taken as NaN", "keeps the old scale"),
  ROW_OUT_OF_RANGE(16, "rows out of range", "trap", "wrap around"),
  CLOCK_GATE(16, "clkgate_en", "trap", "accepted"),
  PIXEL_REPEATS(18, "pixel repeats stop at", "row 0", "the start of the scratchpad half"),
  MVOUT_1D(
      0,
      "mvout with pool stride 0 and a window (§5.7)",
      "the window is ignored",
      "traps: the 1-D mode is not modelled"),
  NAN_TO_INT8(
      0, "int8 of NaN or of a product beyond 2^63 (§6.1)", "-128", "saturates by sign, NaN is 127"),
  ARRAY_READS_ACCUMULATOR(
      0,
      "array operands in the accumulator (§6.5)",
      "trap",
      "scaled to int8 on the way, where the build can");

  private final int row;
  private final String topic;
  private final String libgemmini;
  private final String rtl;

  Divergence(int row, String topic, String libgemmini, String rtl) {
    this.row = row;
    this.topic = topic;
    this.libgemmini = libgemmini;
    this.rtl = rtl;
  }

  /// The row of the table in gemmini.md §8, or 0 where another section tells of the difference.
  public int row() {
    return row;
  }

  /// What the difference is about.
  public String topic() {
    return topic;
  }

  /// What machines of the given semantics do.
  public String behaviour(Semantics semantics) {
    return switch (semantics) {
      case RTL -> rtl;
      case LIBGEMMINI -> libgemmini;
    };
  }
}
