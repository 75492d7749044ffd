// profctl report -i: the same profile, moved through with keys.
#include <utility>

#include "absl/time/time.h"
#include "userspace/analysis/measure.h"
#include "userspace/cli/interactive.h"
#include "userspace/cli/usage.h"
#include "userspace/views/cells.h"
#include "userspace/views/explorer.h"
#include "userspace/views/live_terminal.h"

namespace profd {

int ExploreInteractively(Recording recording, std::optional<Measure> measure) {
  BlockTerminalSignals();
  SetTerminalLocale();
  auto terminal = LiveTerminal::Open("without -i the report is printed");
  if (!terminal.ok()) return Failure("profctl", terminal.status());
  const Measure shown = measure.value_or(DefaultMeasure(recording.profile));
  Explorer explorer(std::move(recording), shown, (*terminal)->has_colour());
  bool redraw = true;
  while (true) {
    if (redraw) (*terminal)->Draw(explorer.Render((*terminal)->size()));
    const LiveTerminal::Input input = (*terminal)->Wait(absl::InfiniteDuration());
    if (input.stop) return 0;
    redraw = input.redraw || !input.keys.empty();
    for (const Key& key : input.keys) {
      if (explorer.Press(key, (*terminal)->size()) == Explorer::Action::kQuit) return 0;
    }
  }
}

}  // namespace profd
