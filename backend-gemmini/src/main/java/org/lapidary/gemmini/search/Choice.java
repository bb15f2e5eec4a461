package org.lapidary.gemmini.search;

import org.lapidary.gemmini.emit.Tiling;

/// A tiling and what it takes alone on a machine at rest.
///
/// @param cycles by the cycle model; extrapolated where the stream is long
public record Choice(Tiling tiling, long cycles) {}
