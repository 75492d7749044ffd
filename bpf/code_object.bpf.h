/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Names of code objects that user space does not have yet travel beside the sample. */
#ifndef PROFD_BPF_CODE_OBJECT_BPF_H_
#define PROFD_BPF_CODE_OBJECT_BPF_H_

#include "bpf/maps.bpf.h"

enum {
  RECENT_SENDS = 1024,
  RESEND_AFTER_NS = 200 * 1000 * 1000, /* user space had time to fill the gate */
  CODE_STRINGS_BYTES = 4096,           /* three names at most; the power of two bounds offsets */
};

struct code_scratch {
  struct code_record record;
  u8 data[CODE_STRINGS_BYTES + PROFD_MAX_LINETABLE_BYTES];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct code_scratch);
} code_scratch SEC(".maps");

struct recent_send {
  u64 tag;
  u64 time_ns;
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, RECENT_SENDS);
  __type(key, u32);
  __type(value, struct recent_send);
} recent_sends SEC(".maps");

struct code_sender {
  const struct py_layout *layout;
  const struct py_frame_record *frames;
  const struct py_walk *walk;
  struct code_memo *memo;
  void *ring;
  u64 incarnation;
  u64 now_ns;
  u32 tgid;
};

static __always_inline int gate_has(u64 tag) {
  u32 key = tag & (PROFD_GATE_SETS - 1);
  struct gate_set *set = bpf_map_lookup_elem(&gate, &key);
  int i;
  if (!set) return 0;
#pragma unroll
  for (i = 0; i < PROFD_GATE_WAYS; i++)
    if (set->tags[i] == tag) return 1;
  return 0;
}

/* Appends a str's characters at data + *used and describes them. */
static __always_inline void append_string(const struct py_layout *layout, struct code_string *out,
                                          u64 address, u8 *data, u32 *used) {
  u32 state, at = *used & (CODE_STRINGS_BYTES - 1);
  u64 length, bytes, kind;
  enum py_field field;

  __builtin_memset(out, 0, sizeof(*out));
  out->address = address;
  if (!address || read_field(&length, layout, address, PY_UNICODE_LENGTH) ||
      read_u32(&state, address + layout->offset[PY_UNICODE_STATE]))
    return;
  out->length = length;
  if (!((state >> (layout->unicode_compact_shift & 31)) & 1)) return;
  out->ascii = (state >> (layout->unicode_ascii_shift & 31)) & 1;
  kind = (state >> (layout->unicode_kind_shift & 31)) & 7;
  if ((kind != 1 && kind != 2 && kind != 4) || length > PROFD_MAX_NAME_BYTES) return;
  bytes = length * kind;
  if (bytes > PROFD_MAX_NAME_BYTES) return;
  bound_size(bytes, 2 * PROFD_MAX_NAME_BYTES - 1);
  field = out->ascii ? PY_UNICODE_ASCII_DATA : PY_UNICODE_COMPACT_DATA;
  if (read_target(data + at, bytes, address + layout->offset[field])) return;
  out->bytes = bytes;
  out->char_bytes = kind;
  *used = at + bytes;
}

/* Sends the code object of one of walk->unnamed if user space lacks it. */
static long send_step(u32 index, struct code_sender *sender) {
  const struct py_layout *layout = sender->layout;
  const struct unnamed_frame *unnamed;
  const struct py_frame_record *frame;
  struct recent_send *recent;
  struct code_scratch *scratch;
  struct code_record *record;
  u32 zero = 0, slot, used = 0, sent = 0;
  u64 name, qualname = 0, filename, size;

  if (index >= sender->walk->unnamed_count) return 1;
  unnamed = &sender->walk->unnamed[index & (PROFD_MAX_PY_FRAMES - 1)];
  frame = &sender->frames[unnamed->depth & (PROFD_MAX_PY_FRAMES - 1)];
  if (gate_has(frame->tag)) {
    struct code_facts *facts = &sender->memo->slots[unnamed->memo_slot & (CODE_MEMO_SLOTS - 1)];
    /* Another code object of this stack may have taken the slot. */
    if (facts->tag == frame->tag) facts->named_epoch = sender->walk->gate_epoch;
    return 0;
  }

  slot = (frame->tag >> 40) & (RECENT_SENDS - 1);
  recent = bpf_map_lookup_elem(&recent_sends, &slot);
  scratch = bpf_map_lookup_elem(&code_scratch, &zero);
  if (!recent || !scratch) return 1;
  /* Names must not crowd out samples. */
  if (bpf_ringbuf_query(sender->ring, BPF_RB_AVAIL_DATA) >
      bpf_ringbuf_query(sender->ring, BPF_RB_RING_SIZE) / 2) {
    count(COUNT_CODE_RING_FULL);
    return 1;
  }
  if (recent->tag == frame->tag && sender->now_ns - recent->time_ns < RESEND_AFTER_NS) return 0;

  record = &scratch->record;
  record->type = RECORD_CODE;
  record->tgid = sender->tgid;
  record->incarnation = sender->incarnation;
  record->tag = frame->tag;
  record->code = frame->code;
  record->linetable_sent = 0;
  record->linetable_bytes = 0;
  if (has_field(layout, PY_CODE_QUALNAME))
    read_field(&qualname, layout, frame->code, PY_CODE_QUALNAME);
  if (read_field(&name, layout, frame->code, PY_CODE_NAME) ||
      read_field(&filename, layout, frame->code, PY_CODE_FILENAME) ||
      read_field(&record->linetable, layout, frame->code, PY_CODE_LINETABLE) ||
      read_u32((u32 *)&record->first_line, frame->code + layout->offset[PY_CODE_FIRSTLINENO])) {
    count(COUNT_CODE_UNREADABLE);
    return 0;
  }
  append_string(layout, &record->name, name, scratch->data, &used);
  append_string(layout, &record->qualname, qualname, scratch->data, &used);
  append_string(layout, &record->filename, filename, scratch->data, &used);
  used &= CODE_STRINGS_BYTES - 1;
  if (read_field(&size, layout, record->linetable, PY_BYTES_SIZE) == 0) {
    record->linetable_bytes = size;
    if (size < PROFD_MAX_LINETABLE_BYTES) {
      bound_size(size, PROFD_MAX_LINETABLE_BYTES - 1);
      if (read_target(scratch->data + used, size,
                      record->linetable + layout->offset[PY_BYTES_DATA]) == 0)
        sent = size;
    }
  }
  record->linetable_sent = sent;
  if (sent > PROFD_MAX_LINETABLE_BYTES) return 1;
  if (bpf_ringbuf_output(sender->ring, scratch, sizeof(*record) + used + sent, BPF_RB_NO_WAKEUP)) {
    count(COUNT_CODE_RING_FULL);
    return 1;
  }
  recent->tag = frame->tag;
  recent->time_ns = sender->now_ns;
  return 0;
}

#endif /* PROFD_BPF_CODE_OBJECT_BPF_H_ */
