/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* From a PyThreadState to its Python frames, each with the identity of its code object. */
#ifndef PROFD_BPF_PYTHON_STACK_BPF_H_
#define PROFD_BPF_PYTHON_STACK_BPF_H_

#include "bpf/code_memo.bpf.h"
#include "bpf/target_memory.bpf.h"
#include "bpf/thread_state.bpf.h"

enum {
  PY_PAGE_BYTES = 4096,
  PY_STEPS_MAX = 3 * PROFD_MAX_PY_FRAMES, /* shims do not count as frames */
  BOUNDED_STEPS = 128,                    /* without bpf_loop (kernels before 5.17) */
  PY_CODE_UNIT_BYTES = 2,
};

struct unnamed_frame {
  u16 depth;
  u16 memo_slot;
};

/* Lives in a map value: on the stack its changing contents would make the verifier walk every
 * iteration of the loop. */
struct py_walk {
  struct code_scope scope; /* of the thread state that is walked */
  u64 incarnation;
  u64 code_type;  /* 0 until seen */
  u64 next;       /* frame to visit */
  u64 base_frame; /* reaching it proves the stack whole; 0: the version has none */
  u64 page_start; /* target address of page[0] */
  u64 tstates[PROFD_THREAD_STATES]; /* of this OS thread, the running one first */
  u32 tstate_count;
  u32 tstate_index;
  u32 page_bytes; /* valid bytes in page */
  u32 depth;      /* frames written, of all thread states */
  u32 first;      /* depth at which this thread state began */
  u32 gate_epoch;
  u32 unnamed_count;
  u16 half_pushed;
  u8 state;  /* enum stack_state */
  u8 proven; /* enum stack_state: what the walk may be called if the rest ends well */
  u8 page[PY_PAGE_BYTES + PROFD_MAX_FRAME_BYTES] __attribute__((aligned(8)));
  u8 code[PROFD_MAX_CODE_BYTES] __attribute__((aligned(8))); /* head of the code object read last */
  u8 text[512] __attribute__((aligned(8)));                  /* first characters of a str */
  struct unnamed_frame unnamed[PROFD_MAX_PY_FRAMES];         /* whose names user space may lack */
};

struct py_walk_context {
  struct py_walk *walk;
  struct code_memo *memo;
  const struct py_layout *layout;
  struct py_frame_record *frames; /* PROFD_MAX_PY_FRAMES of them */
};

static __always_inline u64 page_u64(const struct py_walk *walk, u32 offset, u32 field) {
  return *(const u64 *)(walk->page + (offset & (PY_PAGE_BYTES - 1)) +
                        (field & (PROFD_MAX_FRAME_BYTES - 8)));
}

static __always_inline u32 page_u32(const struct py_walk *walk, u32 offset, u32 field) {
  return *(const u32 *)(walk->page + (offset & (PY_PAGE_BYTES - 1)) +
                        (field & (PROFD_MAX_FRAME_BYTES - 4)));
}

static __always_inline u8 page_u8(const struct py_walk *walk, u32 offset, u32 field) {
  return walk->page[(offset & (PY_PAGE_BYTES - 1)) + (field & (PROFD_MAX_FRAME_BYTES - 1))];
}

/* Fields of the code object that was read last; 0 where the version has none. */
static __always_inline u64 code_u64(const struct py_walk *walk, const struct py_layout *layout,
                                    enum py_field field) {
  if (!has_field(layout, field)) return 0;
  return *(const u64 *)(walk->code + (layout->offset[field] & (PROFD_MAX_CODE_BYTES - 8)));
}

static __always_inline u32 code_u32(const struct py_walk *walk, const struct py_layout *layout,
                                    enum py_field field) {
  if (!has_field(layout, field)) return 0;
  return *(const u32 *)(walk->code + (layout->offset[field] & (PROFD_MAX_CODE_BYTES - 4)));
}

/*
 * Makes the frame readable at scratch->page + *offset. Frames of 3.11+ lie side by side in the
 * thread's data stack, callers at lower addresses: one read from the start of the page serves
 * many of them.
 */
static __always_inline long load_frame(struct py_walk *walk, const struct py_layout *layout,
                                       u64 frame, u32 *offset) {
  u32 bytes = layout->frame_bytes;
  u64 start = walk->page_start;
  u64 length;

  if (frame >= start && frame - start < PY_PAGE_BYTES &&
      frame - start + bytes <= walk->page_bytes) {
    *offset = frame - start;
    return 0;
  }
  start = frame;
  if (layout->frame_style != PY_FRAME_STYLE_OBJECT) start &= ~(u64)(PY_PAGE_BYTES - 1);
  length = frame - start + bytes;
  if (length > sizeof(walk->page)) return -1;
  if (read_target(walk->page, length, start)) {
    start = frame; /* the frame may end in the next page, which need not be there */
    length = bytes;
    bound_size(length, 2 * PROFD_MAX_FRAME_BYTES - 1);
    if (read_target(walk->page, length, start)) {
      walk->page_bytes = 0;
      return -1;
    }
  }
  walk->page_start = start;
  walk->page_bytes = length;
  *offset = frame - start;
  return 0;
}

/* Is this type object called "code"? Found by name, since PyCode_Type may be anywhere. Negative
 * when that cannot be read. */
static __always_inline int is_code_type(struct py_walk *walk, const struct py_layout *layout,
                                        u64 type) {
  u64 name;
  char text[5];
  if (!type) return 0;
  if (type == walk->code_type) return 1;
  if (read_field(&name, layout, type, PY_TYPE_NAME)) return -1;
  if (read_target(text, sizeof(text), name)) return -1;
  if (text[0] != 'c' || text[1] != 'o' || text[2] != 'd' || text[3] != 'e' || text[4]) return 0;
  walk->code_type = type;
  return 1;
}

/* A str's hash, which names from compiled code have and those of unpickled code may lack; then what
 * stands in for it. 0 where it cannot be read. */
static __always_inline u64 identity_of_str(struct py_walk *walk, const struct py_layout *layout,
                                           u64 str) {
  u64 hash = 0, length, bytes;
  u32 state, ascii, offset;

  if (read_field(&hash, layout, str, PY_UNICODE_HASH)) return 0;
  if (hash != (u64)STR_WITHOUT_HASH) return hash;
  /* Few branches: the verifier walks them for each frame. */
  if (read_field(&length, layout, str, PY_UNICODE_LENGTH) |
      read_u32(&state, str + layout->offset[PY_UNICODE_STATE]))
    return hash;
  if (!((state >> (layout->unicode_compact_shift & 31)) & 1)) return hash;
  ascii = (state >> (layout->unicode_ascii_shift & 31)) & 1;
  offset = layout->offset[PY_UNICODE_COMPACT_DATA];
  offset -= ascii * (offset - layout->offset[PY_UNICODE_ASCII_DATA]);
  bytes = length < IDENTITY_CHARS ? length : IDENTITY_CHARS;
  bytes *= (state >> (layout->unicode_kind_shift & 31)) & 7;
  bound_size(bytes, sizeof(walk->text) - 1);
  __builtin_memset(walk->text, 0, IDENTITY_TEXT_BYTES);
  if (read_target(walk->text, bytes, str + offset)) return hash;
  return text_identity((const u64 *)walk->text, length);
}

/* Of the code object that was read last. */
static __always_inline void identify_code(struct code_identity *id, struct py_walk *walk,
                                          const struct py_layout *layout, u64 code) {
  id->incarnation = walk->incarnation;
  id->code = code;
  id->name = code_u64(walk, layout, PY_CODE_NAME);
  id->qualname = code_u64(walk, layout, PY_CODE_QUALNAME);
  id->filename = code_u64(walk, layout, PY_CODE_FILENAME);
  id->linetable = code_u64(walk, layout, PY_CODE_LINETABLE);
  id->first_line_and_version = (u64)code_u32(walk, layout, PY_CODE_FIRSTLINENO) << 32 |
                               code_u32(walk, layout, PY_CODE_VERSION);
  id->name_hash = id->bytecode = 0;
  if (has_field(layout, PY_CODE_VERSION)) return;
  id->name_hash = identity_of_str(walk, layout, id->name);
  if (layout->instr_kind != PY_INSTR_POINTER)
    id->bytecode = code_u64(walk, layout, PY_CODE_BYTECODE);
}

/* Fills `facts` from the code object. Returns 1; 0 when it is none; negative when that cannot be
 * read. */
static __always_inline int learn_code(struct py_walk *walk, const struct py_layout *layout,
                                      u64 code, struct code_facts *facts) {
  u64 key = walk->scope.scope ^ code, tag;
  u32 bytes = layout->code_bytes;
  struct code_identity id;
  int is_code;

  if (bytes > PROFD_MAX_CODE_BYTES || read_target(walk->code, bytes, code)) return -1;
  is_code = is_code_type(walk, layout, code_u64(walk, layout, PY_OBJECT_TYPE));
  if (is_code <= 0) return is_code;
  identify_code(&id, walk, layout, code);
  tag = code_tag(&id);
  if (facts->key != key || facts->tag != tag) facts->named_epoch = 0;
  facts->key = key;
  facts->proof = walk->scope.proof;
  facts->tag = tag;
  facts->version = code_u32(walk, layout, PY_CODE_VERSION);
  facts->units = code_u32(walk, layout, PY_CODE_UNITS);
  facts->first_traceable = code_u32(walk, layout, PY_CODE_FIRSTTRACEABLE);
  return 1;
}

enum {
  LASTI_UNKNOWN = -1,
  LASTI_IMPOSSIBLE = -2,
  LASTI_BEFORE_FIRST = -3,
  LASTI_MAX = 0x7fffffff,
};

/* Byte offset of the frame's instruction. */
static __always_inline s32 frame_lasti(const struct py_walk *walk, const struct py_layout *layout,
                                       u64 code, const struct code_facts *facts, u32 offset) {
  u32 field = layout->offset[PY_FRAME_INSTR];
  u64 instr, bytecode, tlbc;
  s64 lasti;

  if (layout->instr_kind != PY_INSTR_POINTER) {
    lasti = (s32)page_u32(walk, offset, field);
    if (layout->instr_kind == PY_INSTR_LASTI_UNITS) lasti *= PY_CODE_UNIT_BYTES;
    return lasti | lasti >> 63;
  }

  instr = page_u64(walk, offset, field);
  bytecode = code + layout->offset[PY_CODE_BYTECODE];
  if (has_field(layout, PY_FRAME_TLBC_INDEX) && has_field(layout, PY_CODE_TLBC)) {
    /* struct _PyCodeArray: size, then one pointer per thread-local copy of the bytecode */
    u32 index = page_u32(walk, offset, layout->offset[PY_FRAME_TLBC_INDEX]);
    if (index && index < 65536 &&
        (read_field(&tlbc, layout, code, PY_CODE_TLBC) ||
         (tlbc && read_u64(&bytecode, tlbc + 8 + 8 * (u64)index))))
      return LASTI_UNKNOWN;
  }
  lasti = instr - bytecode;
  if (has_field(layout, PY_CODE_UNITS) &&
      (lasti < -PY_CODE_UNIT_BYTES ||
       lasti >= (s64)(facts->units & LASTI_MAX / PY_CODE_UNIT_BYTES) * PY_CODE_UNIT_BYTES))
    return LASTI_IMPOSSIBLE;
  return lasti < 0 ? LASTI_BEFORE_FIRST : (s32)lasti;
}

/* A frame whose function has not begun yet: CPython's own sys._getframe() leaves it out. */
static __always_inline int is_incomplete(const struct py_layout *layout,
                                         const struct code_facts *facts, s32 lasti, u8 owner) {
  enum { OWNED_BY_GENERATOR = 1 }; /* pycore_frame.h / pycore_interpframe_structs.h */
  if (layout->instr_kind != PY_INSTR_POINTER || owner == OWNED_BY_GENERATOR) return 0;
  if (lasti == LASTI_BEFORE_FIRST) return 1;
  return lasti >= 0 && has_field(layout, PY_CODE_FIRSTTRACEABLE) &&
         (u32)lasti < facts->first_traceable * PY_CODE_UNIT_BYTES;
}

/* Points the walk at a thread state's newest frame. Returns non-zero when that cannot be read. */
static __always_inline long begin_walk(struct py_walk *walk, const struct code_memo *memo,
                                       const struct py_layout *layout) {
  u64 tstate = walk->tstates[walk->tstate_index & (PROFD_THREAD_STATES - 1)];
  u64 frame, base = 0;

  walk->first = walk->depth;
  walk->state = STACK_TORN;
  if (read_field(&frame, layout, tstate, PY_TSTATE_FRAME)) return -1;
  if (layout->frame_style == PY_FRAME_STYLE_CFRAME &&
      read_field(&frame, layout, frame, PY_CFRAME_CURRENT_FRAME))
    return -1;
  if (layout->base_frame_kind == PY_BASE_FRAME_EMBEDDED)
    base = tstate + layout->offset[PY_TSTATE_BASE_FRAME];
  else if (layout->base_frame_kind == PY_BASE_FRAME_POINTER &&
           read_field(&base, layout, tstate, PY_TSTATE_BASE_FRAME))
    return -1;
  enter_code_scope(&walk->scope, memo, layout, walk->incarnation, tstate);
  walk->next = frame;
  walk->base_frame = base;
  walk->state = STACK_TRUNCATED; /* unless the walk comes to an end */
  return 0;
}

/* The chain has ended well: goes on with the thread's next state, or ends the walk. */
static __always_inline long chain_ended(struct py_walk *walk, const struct code_memo *memo,
                                        const struct py_layout *layout, enum stack_state state) {
  if (walk->proven == STACK_WHOLE) walk->proven = state;
  if (++walk->tstate_index < walk->tstate_count) return begin_walk(walk, memo, layout) ? 1 : 0;
  walk->state = walk->proven;
  return 1;
}

static __always_inline long torn(struct py_walk *walk) {
  walk->state = STACK_TORN;
  return 1;
}

/* Ends the walk with a fault, or drops a top frame that is just being pushed. */
static __always_inline long nonsense(struct py_walk *walk, u64 previous) {
  if (walk->depth != walk->first || walk->half_pushed) return torn(walk);
  walk->half_pushed++;
  walk->next = previous;
  return 0;
}

/* Visits one frame. Returns 1 when the walk has ended, with its state set. */
static long walk_step(u32 index, struct py_walk_context *context) {
  const struct py_layout *layout = context->layout;
  struct py_walk *walk = context->walk;
  u64 frame = walk->next, previous, code, tag = 0;
  struct py_frame_record *record;
  u32 offset = 0, depth, slot;
  struct code_facts *facts;
  s32 lasti = LASTI_UNKNOWN;
  int known;
  u8 owner = 0;
  (void)index;

  if (!frame)
    return chain_ended(walk, context->memo, layout,
                       walk->base_frame ? STACK_WHOLE_GREENLET : STACK_WHOLE);
  if (frame == walk->base_frame) return chain_ended(walk, context->memo, layout, STACK_WHOLE);
  if ((frame & 7) || load_frame(walk, layout, frame, &offset)) return torn(walk);
  previous = page_u64(walk, offset, layout->offset[PY_FRAME_PREVIOUS]);
  code = page_u64(walk, offset, layout->offset[PY_FRAME_CODE]) & ~(u64)layout->code_pointer_mask;
  if (has_field(layout, PY_FRAME_OWNER)) {
    owner = page_u8(walk, offset, layout->offset[PY_FRAME_OWNER]);
    if (layout->owner_skip_min && owner >= layout->owner_skip_min) {
      walk->next = previous;
      return 0;
    }
  }
  if (!code || (code & 7)) return nonsense(walk, previous);
  if (layout->code_bytes > PROFD_MAX_CODE_BYTES) return torn(walk);
  slot = code_memo_slot(&walk->scope, code) & (CODE_MEMO_SLOTS - 1);
  facts = &context->memo->slots[slot];
  known = recall_code(facts, &walk->scope, layout, code);
  if (!known) {
    known = learn_code(walk, layout, code, facts);
    if (!known) return nonsense(walk, previous);
  }
  if (known > 0) {
    lasti = frame_lasti(walk, layout, code, facts, offset);
    if (lasti == LASTI_IMPOSSIBLE) return nonsense(walk, previous);
    if (is_incomplete(layout, facts, lasti, owner)) {
      walk->next = previous;
      return 0;
    }
    tag = facts->tag;
  }
  depth = walk->depth;
  if (depth >= PROFD_MAX_PY_FRAMES) {
    walk->state = STACK_TRUNCATED;
    return 1;
  }
  record = &context->frames[depth & (PROFD_MAX_PY_FRAMES - 1)];
  record->code = code;
  record->tag = tag;
  record->lasti = lasti | lasti >> 31; /* all that is negative is LASTI_UNKNOWN */
  record->unused = 0;
  if (tag && facts->named_epoch != walk->gate_epoch) {
    struct unnamed_frame *unnamed =
        &walk->unnamed[walk->unnamed_count++ & (PROFD_MAX_PY_FRAMES - 1)];
    unnamed->depth = depth;
    unnamed->memo_slot = slot;
  }
  walk->depth = depth + 1;
  walk->next = previous;
  return 0;
}

/* Readies a walk over the thread states that were found.
 * `incarnation`: read once by the caller; the entry of `process` may be replaced meanwhile. */
static __always_inline void prepare_walk(struct py_walk *walk, const struct py_process *process,
                                         u64 incarnation, const struct thread_search *search,
                                         u32 gate_epoch) {
  walk->incarnation = incarnation;
  walk->code_type = process->code_type;
  walk->page_start = 0;
  walk->page_bytes = 0;
  walk->depth = 0;
  walk->half_pushed = 0;
  walk->gate_epoch = gate_epoch;
  walk->unnamed_count = 0;
  walk->state = STACK_NONE;
  walk->proven = search->outcome;
  walk->tstate_index = 0;
  walk->tstate_count = search->found_count;
  __builtin_memcpy(walk->tstates, search->found, sizeof(walk->tstates));
}

/* Writes the frames of all thread states to `frames`, leaf first; walk->depth says how many. */
static __always_inline void walk_python(struct py_walk *walk, struct code_memo *memo,
                                        const struct py_layout *layout,
                                        struct py_frame_record *frames, int bounded) {
  struct py_walk_context context = {.walk = walk, .memo = memo, .layout = layout, .frames = frames};
  int i;

  memo->walks++;
  if (begin_walk(walk, memo, layout)) return;
  if (bounded) {
    for (i = 0; i < BOUNDED_STEPS; i++)
      if (walk_step(i, &context)) break;
  } else {
    bpf_loop(PY_STEPS_MAX, walk_step, &context, 0);
  }
}

#endif /* PROFD_BPF_PYTHON_STACK_BPF_H_ */
