package org.lapidary.tools.validate;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.lapidary.tools.data.TextEncoder;

/// How samples are read from a file.
///
/// @param encoder turns text into ids
/// @param limit at most this many samples
/// @param length tokens per window of running text
/// @param lines whether each line of a text is a sample of its own
/// @param tail only so large a share of a running text, its end
/// @param start token put before every text
/// @param end token put after every text
/// @param pad token that fills up samples of ids and is never a target
/// @param ids name of the array that holds token ids, if it is not named like the model's input
/// @param labelNames names of the classes, in their order; empty where labels are numbers
/// @param pairsJoined whether the two sentences of a scored pair go into one sequence
/// @param scored which positions count
public record DataOptions(
    Optional<TextEncoder> encoder,
    int limit,
    int length,
    boolean lines,
    double tail,
    OptionalLong start,
    OptionalLong end,
    OptionalLong pad,
    Optional<String> ids,
    List<String> labelNames,
    boolean pairsJoined,
    Scored scored) {

  /// Nothing special.
  public static DataOptions of(Optional<TextEncoder> encoder, int limit, int length) {
    return new DataOptions(
        encoder,
        limit,
        length,
        false,
        1,
        OptionalLong.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        List.of(),
        false,
        Scored.ALL);
  }

  /// The same for calibration, which takes no more than it needs, from the start of a text.
  public DataOptions with(int newLimit, int newLength) {
    return new DataOptions(
        encoder,
        newLimit,
        newLength,
        lines,
        1,
        start,
        end,
        pad,
        ids,
        labelNames,
        pairsJoined,
        scored);
  }
}
