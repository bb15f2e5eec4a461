package org.lapidary.gemmini.map;

/// A tensor that stays in main memory from run to run and grows along one axis, such as the keys of
/// an attention.
///
/// Every program that shares it is given the same one, and so finds it at the same address. Its
/// entries lie one after the other, whatever the order of the axes.
///
/// @param input of the graph: the entries that are there; it may be empty, or be missing
/// @param result of the graph: the same entries and those the run appends
/// @param axis along which it grows
/// @param margin rows of zeros in front of the first entry, which a program longer than what is
///   there reads as padding
/// @param capacity entries there is room for
public record Cache(String input, String result, int axis, int margin, int capacity) {}
