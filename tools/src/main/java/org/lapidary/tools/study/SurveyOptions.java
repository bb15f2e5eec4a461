package org.lapidary.tools.study;

/// What to study.
///
/// @param kept what pruning leaves of BERT-Base
/// @param mappings random mappings drawn per operator
/// @param threads at work at a time; the results do not depend on it
public record SurveyOptions(Kept kept, int mappings, int threads) {}
