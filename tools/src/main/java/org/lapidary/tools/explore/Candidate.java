package org.lapidary.tools.explore;

import java.util.List;

/// Settings that are looked at, and the jobs that takes.
///
/// @param hash names the point in files
/// @param words that give its figures on the search's samples
/// @param wholeWords that give them on all
/// @param accuracy on the search's samples
/// @param whole on all samples; the same job if those are all
/// @param cost the job of finding its cycles
record Candidate(
    String hash,
    Settings settings,
    List<String> words,
    List<String> wholeWords,
    Job accuracy,
    Job whole,
    Job cost) {

  static Candidate of(Settings settings, Plan plan) {
    Question question = plan.question();
    return new Candidate(
        question.hash(settings, plan.searchSamples()),
        settings,
        plan.words(settings, plan.searchSamples()),
        plan.words(settings, plan.allSamples()),
        question.accuracy(settings, plan.searchSamples()),
        question.accuracy(settings, plan.allSamples()),
        question.cost(settings));
  }
}
