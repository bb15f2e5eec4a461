package org.lapidary.passes.prune;

/// Fewer channels for each head: `[·,heads * from]` becomes `[·,heads * to]`, every head's channels
/// by a matrix of its own.
///
/// @param from channels of a head
/// @param to channels of it that are left
/// @param heads which heads stay, rising
/// @param matrices of those that stay, row-major `[from, to]`
record Basis(int from, int to, int[] heads, double[][] matrices) {

  /// Some channels of each head, `chosen[i]` of the head `heads[i]`.
  static Basis some(int width, int[] heads, int[][] chosen) {
    int to = chosen[0].length;
    double[][] matrices = new double[heads.length][width * to];
    for (int h = 0; h < heads.length; h++) {
      for (int c = 0; c < to; c++) {
        matrices[h][chosen[h][c] * to + c] = 1;
      }
    }
    return new Basis(width, to, heads, matrices);
  }

  /// Number of channels of all heads that are left.
  int channels() {
    return heads.length * to;
  }

  /// Rows of `old` channels in the new ones.
  float[] apply(float[] rows, int old) {
    int count = rows.length / old;
    float[] out = new float[count * channels()];
    for (int row = 0; row < count; row++) {
      for (int h = 0; h < heads.length; h++) {
        int at = row * old + heads[h] * from;
        for (int c = 0; c < to; c++) {
          double sum = 0;
          for (int i = 0; i < from; i++) {
            sum += rows[at + i] * matrices[h][i * to + c];
          }
          out[row * channels() + h * to + c] = (float) sum;
        }
      }
    }
    return out;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return heads.length + " heads, " + from + " to " + to;
  }
}
