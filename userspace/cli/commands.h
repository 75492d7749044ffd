// The commands of the two programs, a file each. A command adds its flags to the program's parser
// and sets *run, if it was the one that was typed, to what does it and returns the exit code.
#ifndef PROFD_USERSPACE_CLI_COMMANDS_H_
#define PROFD_USERSPACE_CLI_COMMANDS_H_

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace profd {

using Run = std::function<int()>;

// completion and man, of either program. The section is the manual's.
void AddReference(CLI::App* program, int man_section, Run* run);

// What profd does when no command was typed.
void AddAgent(CLI::App* profd, Run* run);
void AddCheckConfig(CLI::App* profd, Run* run);
void AddStatus(CLI::App* profd, Run* run);
// `command`: what stood behind "--"; it outlives *run.
void AddRecord(CLI::App* profd, const std::vector<std::string>* command, Run* run);
void AddTop(CLI::App* profd, const std::vector<std::string>* command, Run* run);
void AddDump(CLI::App* profd, Run* run);

void AddConvert(CLI::App* profctl, Run* run);
void AddReport(CLI::App* profctl, Run* run);
void AddMerge(CLI::App* profctl, Run* run);
void AddDiff(CLI::App* profctl, Run* run);
void AddCheck(CLI::App* profctl, Run* run);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_COMMANDS_H_
