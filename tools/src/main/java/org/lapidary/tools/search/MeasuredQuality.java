package org.lapidary.tools.search;

import java.util.List;
import org.lapidary.tools.validate.Comparison;
import org.lapidary.tools.validate.Example;
import org.lapidary.tools.validate.Metric;
import org.lapidary.tools.validate.Task;

/// A metric of the sub-network on examples, with the weights it inherits: nothing is trained.
///
/// @param supernet whose sub-networks are asked
/// @param task what they are asked
/// @param metric what counts
/// @param examples not those that results are reported on: the search fits what it is given
public record MeasuredQuality(Supernet supernet, Task task, Metric metric, List<Example> examples)
    implements Quality {
  public MeasuredQuality {
    examples = List.copyOf(examples);
  }

  @Override
  public String name() {
    return metric.text();
  }

  @Override
  public boolean higherIsBetter() {
    return metric.higherIsBetter();
  }

  @Override
  public double of(Genome genome) {
    try (SubNetwork network = SubNetwork.of(supernet.slice(genome))) {
      List<Task.Verdict> verdicts = Comparison.judge(task, examples, () -> network, 1, _ -> {});
      return metric.of(examples, verdicts, verdicts);
    }
  }
}
