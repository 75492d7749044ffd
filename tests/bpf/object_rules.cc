#include "tests/bpf/object_rules.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "symbolizer/process/descriptor.h"

namespace profd::testing {
namespace {

constexpr int kMaxStackBytes = 512;                  // the kernel's MAX_BPF_STACK
constexpr uint32_t kMaxPerCpuValueBytes = 32 << 10;  // the kernel's PCPU_MIN_UNIT_SIZE

// Kinds of programs, by what they may interrupt.
struct Kind {
  std::vector<std::string> sections;
  std::set<int> helpers;
};

const std::vector<Kind>& Kinds() {
  static const auto* kinds = new std::vector<Kind>{
      // From an interrupt: looks up, never inserts.
      {{"perf_event"},
       {BPF_FUNC_map_lookup_elem, BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_kernel,
        BPF_FUNC_ktime_get_ns, BPF_FUNC_get_smp_processor_id, BPF_FUNC_get_current_pid_tgid,
        BPF_FUNC_get_current_comm, BPF_FUNC_get_current_task, BPF_FUNC_ringbuf_query,
        BPF_FUNC_perf_prog_read_value, BPF_FUNC_get_stack, BPF_FUNC_ringbuf_output, BPF_FUNC_loop}},
      // In the context of the process it is about.
      {{"uprobe", "raw_tp/sched_process_fork", "raw_tp/sched_process_exec",
        "raw_tp/sched_process_exit", "raw_tp/task_rename"},
       {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_update_elem, BPF_FUNC_map_delete_elem,
        BPF_FUNC_probe_read_kernel, BPF_FUNC_ktime_get_ns, BPF_FUNC_get_current_pid_tgid,
        BPF_FUNC_get_current_task, BPF_FUNC_get_attach_cookie, BPF_FUNC_ringbuf_output}},
      // In a soft interrupt, about a process that has gone.
      {{"raw_tp/sched_process_free"},
       {BPF_FUNC_map_lookup_elem, BPF_FUNC_map_delete_elem, BPF_FUNC_probe_read_kernel,
        BPF_FUNC_ringbuf_output}},
      // On behalf of its reader, about others: looks up, and never touches their user memory.
      {{"iter/task"},
       {BPF_FUNC_map_lookup_elem, BPF_FUNC_probe_read_kernel, BPF_FUNC_probe_read_kernel_str,
        BPF_FUNC_ktime_get_ns, BPF_FUNC_get_task_stack, BPF_FUNC_task_pt_regs, BPF_FUNC_seq_write}},
  };
  return *kinds;
}

const Kind* KindOf(const std::string& section) {
  for (const Kind& kind : Kinds()) {
    if (std::count(kind.sections.begin(), kind.sections.end(), section) > 0) return &kind;
  }
  return nullptr;
}

struct Section {
  std::string name;
  std::vector<bpf_insn> code;
};

std::vector<Section> CodeSections(const std::string& path) {
  std::vector<Section> sections;
  elf_version(EV_CURRENT);
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_begin(file.get(), ELF_C_READ, nullptr), elf_end);
  size_t names = 0;
  if (elf == nullptr || elf_getshdrstrndx(elf.get(), &names) != 0) return sections;
  for (Elf_Scn* scn = elf_nextscn(elf.get(), nullptr); scn != nullptr;
       scn = elf_nextscn(elf.get(), scn)) {
    GElf_Shdr header;
    const Elf_Data* data = elf_getdata(scn, nullptr);
    if (gelf_getshdr(scn, &header) == nullptr || (header.sh_flags & SHF_EXECINSTR) == 0) continue;
    if (data == nullptr || data->d_size == 0) continue;
    Section section{elf_strptr(elf.get(), names, header.sh_name), {}};
    section.code.resize(data->d_size / sizeof(bpf_insn));
    std::memcpy(section.code.data(), data->d_buf, section.code.size() * sizeof(bpf_insn));
    sections.push_back(std::move(section));
  }
  return sections;
}

bool IsCall(const bpf_insn& insn) { return insn.code == (BPF_JMP | BPF_CALL); }
bool IsJump(const bpf_insn& insn) {
  const int instruction_class = BPF_CLASS(insn.code);
  return (instruction_class == BPF_JMP || instruction_class == BPF_JMP32) && !IsCall(insn);
}

// Is `reg` surely `value` at `call`? Looks back over straight code only.
bool IsConstant(absl::Span<const bpf_insn> code, size_t call, int reg, int value) {
  std::set<size_t> targets;
  for (size_t i = 0; i < code.size(); ++i) {
    if (IsJump(code[i])) targets.insert(i + 1 + code[i].off);
  }
  for (size_t i = call; i-- > 0;) {
    if (targets.count(i + 1) > 0 || IsCall(code[i]) || IsJump(code[i])) return false;
    const int instruction_class = BPF_CLASS(code[i].code);
    const bool writes = instruction_class == BPF_ALU || instruction_class == BPF_ALU64 ||
                        instruction_class == BPF_LD || instruction_class == BPF_LDX;
    if (!writes || code[i].dst_reg != reg) continue;
    return instruction_class != BPF_LD && BPF_OP(code[i].code) == BPF_MOV &&
           instruction_class != BPF_LDX && BPF_SRC(code[i].code) == BPF_K && code[i].imm == value;
  }
  return false;
}

void CheckCode(const Section& section, const Kind& kind, std::vector<std::string>& broken) {
  for (size_t i = 0; i < section.code.size(); ++i) {
    const bpf_insn& insn = section.code[i];
    if (insn.code == (BPF_LD | BPF_IMM | BPF_DW)) {
      ++i;  // of two slots
      continue;
    }
    if (!IsCall(insn) || insn.src_reg == BPF_PSEUDO_CALL) continue;
    if (insn.src_reg != 0) {
      broken.push_back(absl::StrCat(section.name, ": calls a kernel function"));
    } else if (kind.helpers.count(insn.imm) == 0) {
      broken.push_back(absl::StrCat(section.name, ": calls helper ", insn.imm));
    } else if ((insn.imm == BPF_FUNC_get_stack || insn.imm == BPF_FUNC_get_task_stack) &&
               !IsConstant(section.code, i, BPF_REG_4, 0)) {
      broken.push_back(absl::StrCat(section.name, ": may ask for a user stack"));
    }
  }
}

// Of the function of a section that needs most, as the kernel counts: by 32.
int StackBytes(const Section& section) {
  int deepest = 0, pointer = -1;  // a register that is the frame pointer's copy
  for (const bpf_insn& insn : section.code) {
    const int instruction_class = BPF_CLASS(insn.code);
    if (instruction_class == BPF_ALU64 && BPF_OP(insn.code) == BPF_ADD && insn.dst_reg == pointer) {
      deepest = std::max(deepest, -insn.imm);
    }
    const bool copies = insn.code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn.src_reg == BPF_REG_10;
    pointer = copies ? insn.dst_reg : -1;
    const bool stores = instruction_class == BPF_ST || instruction_class == BPF_STX;
    const bool loads = instruction_class == BPF_LDX;
    if ((stores && insn.dst_reg == BPF_REG_10) || (loads && insn.src_reg == BPF_REG_10)) {
      deepest = std::max(deepest, -insn.off);
    }
  }
  return (deepest + 31) / 32 * 32;
}

void CheckMaps(const std::string& path, std::vector<std::string>& broken) {
  std::unique_ptr<bpf_object, void (*)(bpf_object*)> object(bpf_object__open(path.c_str()),
                                                            bpf_object__close);
  if (object == nullptr) {
    broken.push_back("cannot be opened");
    return;
  }
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object.get()) {
    const bpf_map_type type = bpf_map__type(map);
    const bool per_cpu = type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
                         type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
    if (per_cpu && bpf_map__value_size(map) > kMaxPerCpuValueBytes) {
      broken.push_back(absl::StrCat(bpf_map__name(map), ": value over 32 KiB per CPU"));
    }
  }
}

}  // namespace

std::vector<std::string> BrokenRules(const std::string& path) {
  std::vector<std::string> broken;
  const std::vector<Section> sections = CodeSections(path);
  if (sections.empty()) broken.push_back("no programs");
  std::set<const Kind*> kinds;
  for (const Section& section : sections) {
    if (section.name == ".text") continue;
    const Kind* kind = KindOf(section.name);
    if (kind == nullptr) {
      broken.push_back(absl::StrCat(section.name, ": a kind of program we do not have"));
      continue;
    }
    kinds.insert(kind);
    CheckCode(section, *kind, broken);
  }
  for (const Section& section : sections) {
    if (section.name != ".text") continue;
    for (const Kind* kind : kinds) CheckCode(section, *kind, broken);
    // Kernels before 6.13 count what calls and what is called together.
    for (const Section& caller : sections) {
      const int bytes = StackBytes(caller) + StackBytes(section);
      if (&caller != &section && bytes > kMaxStackBytes) {
        broken.push_back(absl::StrCat(caller.name, ": ", bytes, " bytes of stack"));
      }
    }
  }
  CheckMaps(path, broken);
  return broken;
}

}  // namespace profd::testing
