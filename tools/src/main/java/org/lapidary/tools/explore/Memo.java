package org.lapidary.tools.explore;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/// Remembers the last few results by key. Threads that want the same one wait for whoever makes it.
final class Memo<K, V> {
  private final Map<K, CompletableFuture<V>> kept;

  Memo(int capacity) {
    this.kept =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<K, CompletableFuture<V>> eldest) {
            return size() > capacity;
          }
        };
  }

  V get(K key, Supplier<V> maker) {
    CompletableFuture<V> mine = new CompletableFuture<>();
    CompletableFuture<V> known;
    synchronized (kept) {
      known = kept.putIfAbsent(key, mine);
    }
    if (known == null) {
      try {
        mine.complete(maker.get());
      } catch (RuntimeException | Error e) {
        mine.completeExceptionally(e);
        throw e;
      }
      known = mine;
    }
    try {
      return known.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }
}
