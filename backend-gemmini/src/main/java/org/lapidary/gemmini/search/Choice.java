package org.lapidary.gemmini.search;

import org.lapidary.gemmini.emit.Tiling;

/// A tiling and what it takes alone on a machine at rest.
///
/// @param cycles by the cycle model
public record Choice(Tiling tiling, long cycles) {}
