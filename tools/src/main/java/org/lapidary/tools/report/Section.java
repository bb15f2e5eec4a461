package org.lapidary.tools.report;

import java.util.List;

/// A chapter.
///
/// @param id short and stable
record Section(String id, String title, List<Block> blocks) {
  Section {
    blocks = List.copyOf(blocks);
  }
}
