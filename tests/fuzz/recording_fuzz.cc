// Any bytes as a profile: pprof, OTLP profiles, collapsed stacks. What was read can be written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "userspace/formats/collapsed.h"
#include "userspace/formats/otlp.h"
#include "userspace/formats/read.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  profd::DecodeCollapsed(bytes).IgnoreError();
  profd::DecodeRecording(bytes, {.max_uncompressed_bytes = 1 << 20}).IgnoreError();
  const auto recording = profd::DecodeOtlp(bytes, {.max_uncompressed_bytes = 1 << 20});
  if (!recording.ok()) return 0;
  for (const profd::Recording::Event& event : recording->events) {
    if (event.sample >= recording->profile.samples().size() || event.ticks == 0) abort();
  }
  const auto file = profd::EncodeOtlp(*recording, {.compression_level = 1});
  if (!file.ok() || !profd::DecodeOtlp(*file).ok()) abort();
  return 0;
}
