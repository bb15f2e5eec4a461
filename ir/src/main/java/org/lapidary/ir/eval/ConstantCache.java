package org.lapidary.ir.eval;

import java.util.IdentityHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.lapidary.ir.Data;
import org.lapidary.ir.Tensor;

/// Keeps the elements of constants that were read, the first ones up to a number of bytes, for
/// whoever runs one graph again and again. May be shared by threads.
public final class ConstantCache implements Function<Data, Tensor> {
  private final IdentityHashMap<Data, Tensor> kept = new IdentityHashMap<>();
  private long bytesLeft;

  /// @param bytes what may be kept
  public ConstantCache(long bytes) {
    this.bytesLeft = bytes;
  }

  @Override
  public Tensor apply(Data data) {
    synchronized (kept) {
      @Nullable Tensor known = kept.get(data);
      if (known != null) {
        return known;
      }
      if (data.type().bytes() <= bytesLeft) {
        Tensor loaded = data.load();
        kept.put(data, loaded);
        bytesLeft -= data.type().bytes();
        return loaded;
      }
    }
    return data.load();
  }
}
