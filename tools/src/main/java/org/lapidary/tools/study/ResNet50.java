package org.lapidary.tools.study;

import java.util.ArrayList;
import java.util.List;

/// The convolutions of ResNet-50 on a 224 × 224 image, for comparison. Stride 2 in the 3 × 3
/// convolutions (version 1.5). Source: arXiv 1512.03385, table 1.
public final class ResNet50 {
  private ResNet50() {}

  /// A convolution on square images.
  ///
  /// @param name stage and block
  /// @param in input channels
  /// @param out output channels
  /// @param kernel its side
  /// @param inputSide of the image
  /// @param outputSide of the image
  public record Convolution(
      String name, int in, int out, int kernel, int inputSide, int outputSide) {
    /// FLOPs, two a multiply-accumulate; bytes of weights, input and output.
    public Count count() {
      long weights = (long) kernel * kernel * in * out;
      long pixels = (long) outputSide * outputSide;
      long read = weights + (long) inputSide * inputSide * in;
      return new Count(2 * weights * pixels, read + pixels * out);
    }
  }

  private record Stage(int blocks, int width) {}

  private static final List<Stage> STAGES =
      List.of(new Stage(3, 64), new Stage(4, 128), new Stage(6, 256), new Stage(3, 512));
  private static final int EXPANSION = 4;

  /// All convolutions.
  ///
  /// @param shortcuts whether the four projections on shortcuts are among them
  /// @param firstSide side of the first convolution's output, 112 in the network
  public static List<Convolution> convolutions(boolean shortcuts, int firstSide) {
    List<Convolution> all = new ArrayList<>();
    all.add(new Convolution("conv1", 3, 64, 7, 224, firstSide));
    int side = 56;
    int in = 64;
    for (int s = 0; s < STAGES.size(); s++) {
      Stage stage = STAGES.get(s);
      int out = EXPANSION * stage.width();
      for (int b = 0; b < stage.blocks(); b++) {
        int before = side;
        side = b == 0 && s > 0 ? side / 2 : side;
        String name = "conv" + (s + 2) + "_" + (b + 1);
        all.add(new Convolution(name + "a", in, stage.width(), 1, before, before));
        all.add(new Convolution(name + "b", stage.width(), stage.width(), 3, before, side));
        all.add(new Convolution(name + "c", stage.width(), out, 1, side, side));
        if (b == 0 && shortcuts) {
          all.add(new Convolution(name + "s", in, out, 1, before, side));
        }
        in = out;
      }
    }
    return all;
  }

  /// The network as it is.
  public static List<Convolution> convolutions() {
    return convolutions(true, 112);
  }

  /// The one of a name.
  public static Convolution convolution(String name) {
    return convolutions().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
  }

  /// The list that the survey's totals fit: without the projections on shortcuts, and the first
  /// convolution counted at the size of the image behind the pooling.
  public static List<Convolution> asSurveyed() {
    return convolutions(false, 56);
  }

  /// All convolutions together.
  public static Count total(List<Convolution> convolutions) {
    return convolutions.stream().map(Convolution::count).reduce(Count.NONE, Count::plus);
  }
}
