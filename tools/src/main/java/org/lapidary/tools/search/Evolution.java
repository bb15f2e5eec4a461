package org.lapidary.tools.search;

import io.jenetics.Genotype;
import io.jenetics.IntegerChromosome;
import io.jenetics.IntegerGene;
import io.jenetics.Mutator;
import io.jenetics.Phenotype;
import io.jenetics.UniformCrossover;
import io.jenetics.engine.Engine;
import io.jenetics.ext.moea.NSGA2Selector;
import io.jenetics.ext.moea.UFTournamentSelector;
import io.jenetics.ext.moea.Vec;
import io.jenetics.util.ISeq;
import io.jenetics.util.RandomRegistry;
import io.jenetics.util.Seq;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.LongConsumer;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.lapidary.tools.parallel.Workers;

/// Evolutionary search for the front of quality against energy-delay product: NSGA-II's selection,
/// mutation of single sizes, uniform crossover. The same candidates for a seed whatever the number
/// of threads: only judging is done on several, all chances are drawn on one.
///
/// Source of the method: arXiv 2302.14017, §6.4, which keeps the Pareto-optimal ones and mutates.
public final class Evolution {
  private static final String GENERATOR = "L64X128MixRandom";
  private static final double CROSSOVER = 0.5;

  private final SearchSpace space;
  private final Quality quality;
  private final CostTable table;
  private final Settings settings;
  private final Map<Genome, Candidate> judged = new LinkedHashMap<>();

  /// How long and how wild.
  ///
  /// @param population individuals of a generation
  /// @param generations with the first, random one
  /// @param mutation probability that a size of a child is drawn anew
  /// @param seed of all chances
  /// @param threads judging at a time
  public record Settings(
      int population, int generations, double mutation, long seed, int threads) {}

  private Evolution(SearchSpace space, Quality quality, CostTable table, Settings settings) {
    this.space = space;
    this.quality = quality;
    this.table = table;
    this.settings = settings;
  }

  /// Every candidate that was judged, in the order in which they came up, the supernet first.
  ///
  /// @param progress told the number of generations done
  public static List<Candidate> run(
      SearchSpace space,
      Quality quality,
      CostTable table,
      Settings settings,
      LongConsumer progress) {
    Evolution evolution = new Evolution(space, quality, table, settings);
    var random = RandomGeneratorFactory.of(GENERATOR).create(settings.seed());
    RandomRegistry.with(random).run(() -> evolution.evolve(progress));
    return List.copyOf(evolution.judged.values());
  }

  private void evolve(LongConsumer progress) {
    Engine<IntegerGene, Vec<double[]>> engine =
        new Engine.Builder<>(
                this::evaluated, genotype((size, length) -> IntegerChromosome.of(0, size, length)))
            .populationSize(settings.population())
            .maximalPhenotypeAge(settings.generations() + 1L)
            .survivorsSelector(NSGA2Selector.ofVec())
            .offspringSelector(UFTournamentSelector.ofVec())
            .alterers(new UniformCrossover<>(CROSSOVER), new Mutator<>(settings.mutation()))
            .executor(Runnable::run)
            .minimizing()
            .build();
    Genotype<IntegerGene> largest = all(size -> size - 1);
    Genotype<IntegerGene> smallest = all(_ -> 0);
    judge(List.of(genome(largest)));
    engine.stream(List.of(largest, smallest))
        .limit(settings.generations())
        .forEach(result -> progress.accept(result.generation()));
  }

  /// Fitnesses for those who have none; equal genomes are judged once.
  private ISeq<Phenotype<IntegerGene, Vec<double[]>>> evaluated(
      Seq<Phenotype<IntegerGene, Vec<double[]>>> population) {
    judge(population.stream().map(p -> genome(p.genotype())).distinct().toList());
    return population.stream()
        .map(p -> p.isEvaluated() ? p : p.withFitness(fitness(genome(p.genotype()))))
        .collect(ISeq.toISeq());
  }

  private void judge(List<Genome> genomes) {
    List<Genome> fresh = genomes.stream().filter(g -> !judged.containsKey(g)).toList();
    Workers.map(
            fresh.size(),
            settings.threads(),
            () -> quality,
            (q, i) -> new Candidate(fresh.get(i), q.of(fresh.get(i)), table.cost(fresh.get(i))),
            _ -> {})
        .forEach(c -> judged.put(c.genome(), c));
  }

  private Vec<double[]> fitness(Genome genome) {
    Candidate c = Objects.requireNonNull(judged.get(genome));
    double best = quality.higherIsBetter() ? 1 : 0;
    return Vec.of(quality.worse(best, c.quality()), c.cost().edp());
  }

  /// The place of each size in its list, one chromosome per kind. Sizes of layers beyond the last
  /// are carried along; they mean nothing.
  private Genotype<IntegerGene> genotype(
      BiFunction<Integer, Integer, IntegerChromosome> chromosome) {
    int layers = space.layers().getLast();
    return Genotype.of(
        chromosome.apply(space.layers().size(), 1),
        chromosome.apply(space.hidden().size(), 1),
        chromosome.apply(space.heads().size(), layers),
        chromosome.apply(space.neurons().size(), layers));
  }

  private Genotype<IntegerGene> all(IntUnaryOperator place) {
    return genotype((size, length) ->
        IntegerChromosome.of(
            IntStream.range(0, length)
                .mapToObj(_ -> IntegerGene.of(place.applyAsInt(size), 0, size))
                .toList()));
  }

  private Genome genome(Genotype<IntegerGene> genotype) {
    int layers = space.layers().get(genotype.get(0).get(0).allele());
    List<Genome.Layer> sizes = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      sizes.add(
          new Genome.Layer(
              space.heads().get(genotype.get(2).get(l).allele()),
              space.neurons().get(genotype.get(3).get(l).allele())));
    }
    return new Genome(space.hidden().get(genotype.get(1).get(0).allele()), sizes);
  }
}
