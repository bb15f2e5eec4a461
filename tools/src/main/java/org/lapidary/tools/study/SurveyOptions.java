package org.lapidary.tools.study;

import java.util.Optional;

/// What to study.
///
/// @param kept what pruning leaves of BERT-Base, if it is to be shown
/// @param mappings random mappings drawn per operator
/// @param threads at work at a time; the results do not depend on it
public record SurveyOptions(Optional<TransformerShape> kept, int mappings, int threads) {}
