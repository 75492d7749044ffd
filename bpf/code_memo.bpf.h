/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What was read of code objects, kept from frame to frame and, as far as the version can prove that
 * a code object still is the same one, from sample to sample. One read costs more than all the rest
 * of a frame. Per CPU.
 */
#ifndef PROFD_BPF_CODE_MEMO_BPF_H_
#define PROFD_BPF_CODE_MEMO_BPF_H_

#include "bpf/code_tag.h"
#include "bpf/target_memory.bpf.h"

enum { CODE_MEMO_BITS = 9, CODE_MEMO_SLOTS = 1 << CODE_MEMO_BITS };

struct code_facts {
  u64 key;             /* the walk's scope ^ address of the code object; 0: empty */
  u64 proof;           /* as long as the walk's is the same, nothing has changed */
  u64 tag;             /* see code_record */
  u32 version;         /* co_version; 0: it has none */
  u32 units;           /* 3.11+: of bytecode */
  u32 first_traceable; /* 3.11+: code unit */
  u32 named_epoch;     /* gate epoch at which user space had the names; 0: never */
};

struct code_memo {
  u64 walks;
  struct code_facts slots[CODE_MEMO_SLOTS];
};

/*
 * Within one walk all code objects are pinned by their frames. From walk to walk: 3.14+ count how
 * many an interpreter has freed (_code_object_generation, Objects/codeobject.c), 3.12+ number those
 * it makes (co_version).
 */
struct code_scope {
  u64 scope; /* of the process and, by its ID, the interpreter */
  u64 proof;
};

static __always_inline void enter_code_scope(struct code_scope *scope, const struct code_memo *memo,
                                             const struct py_layout *layout, u64 incarnation,
                                             u64 tstate) {
  u64 interpreter, id = 0, generation;

  scope->proof = memo->walks << 1;
  if (has_field(layout, PY_CODE_VERSION) &&
      read_field(&interpreter, layout, tstate, PY_TSTATE_INTERP) == 0 &&
      read_field(&id, layout, interpreter, PY_INTERP_ID) == 0 &&
      read_field(&generation, layout, interpreter, PY_INTERP_CODE_GENERATION) == 0)
    scope->proof = generation << 1 | 1;
  scope->scope = mix64(incarnation ^ id << 48);
}

static __always_inline u32 code_memo_slot(const struct code_scope *scope, u64 code) {
  return (scope->scope ^ code >> 4) * 0x9ddfea08eb382d69ULL >> (64 - CODE_MEMO_BITS);
}

/* Does the slot hold this code object, proven to be the same one? */
static __always_inline int recall_code(struct code_facts *facts, const struct code_scope *scope,
                                       const struct py_layout *layout, u64 code) {
  u32 version;

  if (facts->key != (scope->scope ^ code)) return 0;
  if (facts->proof == scope->proof) return 1;
  if (!facts->version || read_u32(&version, code + layout->offset[PY_CODE_VERSION]) ||
      version != facts->version)
    return 0;
  facts->proof = scope->proof;
  return 1;
}

#endif /* PROFD_BPF_CODE_MEMO_BPF_H_ */
