package org.lapidary.tools.validate;

import java.util.List;
import java.util.Map;
import org.lapidary.ir.Tensor;

/// One thing to judge.
///
/// @param inputs inputs of one inference, or of two for sentence pairs
/// @param tokens number of real tokens of each inference
/// @param labels class; class per token; next token per position; -1 where nothing is asked
/// @param target real-valued label of a sentence pair
@SuppressWarnings("ArrayRecordComponent") // made once, never changed
public record Example(
    List<Map<String, Tensor>> inputs, List<Integer> tokens, int[] labels, double target) {}
