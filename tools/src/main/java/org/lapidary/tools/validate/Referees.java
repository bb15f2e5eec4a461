package org.lapidary.tools.validate;

import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.program.ProgramRunner;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.eval.Evaluator;
import org.lapidary.tools.compile.Compiled;
import org.lapidary.tools.reference.OnnxRuntimeModel;

/// What our slow evaluators said about some examples: the float one beside ONNX Runtime, the
/// integer one beside the program.
///
/// @param checked examples looked at
/// @param equal those whose program gave the integer referee's outputs bit for bit
/// @param largestDifference of an output of the float referee from ONNX Runtime's, over the largest
///   output
public record Referees(int checked, int equal, double largestDifference) {
  static Referees of(Compiled compiled, List<Example> examples, OnnxRuntimeModel reference) {
    ProgramRunner runner = new ProgramRunner(compiled.program());
    int equal = 0;
    double largest = 0;
    for (Example example : examples) {
      Map<String, Tensor> inputs = example.inputs().getFirst();
      Map<String, Tensor> expected = Evaluator.run(compiled.program().graph(), inputs);
      equal += expected.equals(runner.run(inputs).outputs()) ? 1 : 0;
      Map<String, Tensor> real = Evaluator.run(compiled.unpruned(), inputs);
      largest = Math.max(largest, difference(real, reference.run(inputs)));
    }
    return new Referees(examples.size(), equal, largest);
  }

  private static double difference(Map<String, Tensor> ours, Map<String, Tensor> theirs) {
    double largest = 0;
    for (Map.Entry<String, Tensor> entry : ours.entrySet()) {
      Tensor a = entry.getValue();
      Tensor b = theirs.get(entry.getKey());
      double magnitude = 0;
      double difference = 0;
      for (int i = 0; b != null && i < Math.min(a.elements(), b.elements()); i++) {
        magnitude = Math.max(magnitude, Math.abs(b.asDouble(i)));
        difference = Math.max(difference, Math.abs(a.asDouble(i) - b.asDouble(i)));
      }
      largest = Math.max(largest, magnitude == 0 ? difference : difference / magnitude);
    }
    return largest;
  }
}
