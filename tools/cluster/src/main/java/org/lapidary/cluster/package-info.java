/// Job: points evaluated by other processes, on this machine or on others, by Hazelcast. May know:
/// jobs, outcomes and questions of `tools.explore`. Must not know: what a job computes, the command
/// line. Nobody must know this room; it is found by its service.
@org.jspecify.annotations.NullMarked
package org.lapidary.cluster;
