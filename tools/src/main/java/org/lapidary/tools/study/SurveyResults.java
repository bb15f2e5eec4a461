package org.lapidary.tools.study;

import java.util.List;
import java.util.Map;

/// Everything the study measured, ready to be written down.
///
/// @param waterfalls of BERT-Base at several lengths and memories, and of GPT-2 reading a prompt
/// @param headline the one of them at length 512 with a memory that answers after 20 cycles
/// @param counted the work of BERT-Base by length, counted on its graph
/// @param layerMatmulCycles the matrix products of a layer on `default`, by `length@latency`
/// @param encoderUtilisation the whole of BERT-Base at length 512, by machine
/// @param grid utilisation by division of the SRAM
/// @param pairs fusing, pair by pair
/// @param spreads how far random mappings are from the best
public record SurveyResults(
    List<Waterfall> waterfalls,
    Waterfall headline,
    Map<Integer, Workload> counted,
    Map<String, Long> layerMatmulCycles,
    Map<String, Double> encoderUtilisation,
    SramGrid grid,
    List<FusionPair> pairs,
    List<MappingSpread> spreads) {
  /// Utilisation of the array by the products of a layer, by `length@latency`.
  public double matmulUtilisation(String key) {
    int length = Integer.parseInt(key.substring(0, key.indexOf('@')));
    long cycles = layerMatmulCycles.getOrDefault(key, Long.MAX_VALUE);
    return TransformerShape.BERT_BASE.layerMacs(length)
        / ((double) Waterfall.MACS_PER_CYCLE * cycles);
  }
}
