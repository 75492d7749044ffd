#include "userspace/views/dump.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "userspace/text/printable.h"

namespace profd {
namespace {

std::string StateText(const DumpedThread& thread) {
  if (!thread.unread.empty()) return "not read";
  std::string state = thread.running ? "running" : absl::StrCat("waiting: ", thread.waits_for);
  if (thread.holds_gil) absl::StrAppend(&state, ", GIL");
  return state;
}

std::string ShortFile(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? file : file.substr(slash + 1);
}

absl::string_view KindName(FrameKind kind) {
  switch (kind) {
    case FrameKind::kPython:
      return "python";
    case FrameKind::kKernel:
      return "kernel";
    case FrameKind::kNative:
      return "native";
    default:
      return "marker";
  }
}

}  // namespace

std::string DumpText(const ThreadDump& dump) {
  const std::string command =
      dump.command_line.empty() ? dump.comm : absl::StrJoin(dump.command_line, " ");
  std::string text = absl::StrCat("Process ", dump.pid, ": ", Printable(command), "\nPython v",
                                  dump.python, " (", Printable(dump.interpreter), ")\n");
  for (const DumpedThread& thread : dump.threads) {
    absl::StrAppend(&text, "\nThread ", thread.tid, " (", StateText(thread), "): \"",
                    Printable(thread.name), "\"\n");
    if (!thread.unread.empty()) absl::StrAppend(&text, "    ", thread.unread, "\n");
    for (const Frame& frame : thread.stack) {
      const Function& function = *frame.function;
      absl::StrAppend(&text, "    ", Printable(function.name));
      if (function.kind == FrameKind::kPython) {
        absl::StrAppend(&text, " (", Printable(ShortFile(function.file)), ":", frame.line, ")");
      } else if (!function.file.empty()) {
        absl::StrAppend(&text, " (", Printable(ShortFile(function.file)), ")");
      }
      text += "\n";
    }
  }
  if (dump.other_threads > 0) {
    absl::StrAppend(&text, "\n", dump.other_threads, " further thread",
                    dump.other_threads == 1 ? "" : "s", " without Python\n");
  }
  return text;
}

std::string DumpJson(const ThreadDump& dump) {
  auto threads = nlohmann::ordered_json::array();
  for (const DumpedThread& thread : dump.threads) {
    nlohmann::ordered_json entry;
    entry["pid"] = dump.pid;
    entry["thread_id"] = thread.ident;
    entry["thread_name"] = thread.name;
    entry["os_thread_id"] = thread.tid;
    entry["active"] = thread.running;
    entry["owns_gil"] = thread.holds_gil;
    entry["waiting_for"] = nullptr;
    if (!thread.waits_for.empty()) entry["waiting_for"] = thread.waits_for;
    entry["unread"] = nullptr;
    if (!thread.unread.empty()) entry["unread"] = thread.unread;
    entry["frames"] = nlohmann::ordered_json::array();
    for (const Frame& frame : thread.stack) {
      const Function& function = *frame.function;
      nlohmann::ordered_json item;
      item["name"] = function.name;
      item["filename"] = function.file;
      item["short_filename"] = ShortFile(function.file);
      item["module"] = nullptr;
      item["line"] = frame.line;
      item["locals"] = nullptr;
      item["is_entry"] = false;
      item["kind"] = KindName(function.kind);
      entry["frames"].push_back(std::move(item));
    }
    entry["process_info"] = {{"pid", dump.pid},
                             {"comm", dump.comm},
                             {"command_line", dump.command_line},
                             {"python", dump.python}};
    threads.push_back(std::move(entry));
  }
  return threads.dump(2, ' ', /*ensure_ascii=*/true,
                      nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

}  // namespace profd
