// Writes recordings for the readers of others to DIRECTORY: small, service, hostile (.otlp).
#include <fstream>
#include <iostream>
#include <string>

#include "tests/userspace/formats/recordings.h"
#include "userspace/formats/otlp.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto write = [&](const char* name, const profd::Recording& recording) {
    std::ofstream(std::string(argv[1]) + "/" + name + ".otlp", std::ios::binary)
        << *profd::EncodeOtlp(recording);
  };
  write("small", profd::SmallRecording());
  write("service", profd::ServiceRecording(12'000, 300));
  write("hostile", profd::HostileRecording());
  return 0;
}
