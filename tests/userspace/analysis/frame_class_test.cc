#include "userspace/analysis/frame_class.h"

#include <gtest/gtest.h>

namespace profd {
namespace {

Function Python(const char* file) {
  return {.kind = FrameKind::kPython, .name = "f", .file = file, .first_line = 1};
}

Function Native(const char* file) {
  return {.kind = FrameKind::kNative, .name = "f", .file = file};
}

TEST(FrameClass, TellsLibrariesByTheFolderTheyWereInstalledTo) {
  for (const char* file : {
           "/usr/lib/python3/dist-packages/yaml/loader.py",
           "/usr/local/lib/python3.12/site-packages/requests/api.py",
           "/srv/app/.venv/lib64/python3.13t/site-packages/six.py",
           "/opt/eggs/lxml-4.9-py3.11.egg/lxml/html.py",
           "/root/.pex/installed_wheels/0f/click-8.1.whl/click/core.py",
           "lib/python3.11/site-packages/x/y.py",
           "<__array_function__ internals>",
       }) {
    EXPECT_EQ(Classify(Python(file)), FrameClass::kLibrary) << file;
  }
}

TEST(FrameClass, TellsTheStandardLibrary) {
  for (const char* file : {
           "/usr/lib/python3.11/json/decoder.py",
           "/usr/local/lib/python3.13t/threading.py",
           "/usr/lib64/python3.9/os.py",
           "/usr/lib/python312.zip/json/decoder.py",
           "/app/_internal/base_library.zip/os.py",
           "<frozen importlib._bootstrap>",
       }) {
    EXPECT_EQ(Classify(Python(file)), FrameClass::kStdlib) << file;
  }
}

TEST(FrameClass, TakesTheRestOfPythonForOnesOwn) {
  for (const char* file : {
           "/srv/app/main.py",
           "main.py",
           "<string>",
           "<stdin>",
           "",
           "/srv/python3.11/tool.py",
           "/srv/lib/python-utils/x.py",
           "/srv/lib/python/x.py",
           "/home/me/site-packages.py",
           "/srv/python.zip/x.py",
           "<ipython-input-3-5a2>",
       }) {
    EXPECT_EQ(Classify(Python(file)), FrameClass::kOwn) << file;
  }
}

TEST(FrameClass, KindsThatAreNotPythonDecideAlone) {
  const char* library = "/usr/lib/python3.11/site-packages/numpy/core/_multiarray.so";
  EXPECT_EQ(Classify(Native(library)), FrameClass::kNative);
  EXPECT_EQ(Classify({.kind = FrameKind::kKernel, .name = "do_syscall_64"}), FrameClass::kKernel);
  EXPECT_EQ(Classify({.kind = FrameKind::kMarker, .name = "[truncated]"}), FrameClass::kMarker);
  EXPECT_EQ(Classify({.kind = FrameKind::kWaiting, .name = "[waiting: lock]"}),
            FrameClass::kWaiting);
}

TEST(FrameClass, KnowsPythonOfOtherWritersByItsFile) {
  EXPECT_EQ(Classify(Native("/srv/app/main.py")), FrameClass::kOwn);
  EXPECT_EQ(Classify(Native("/usr/lib/python3.11/os.py")), FrameClass::kStdlib);
}

TEST(PackageOf, NamesWhatOneWouldImport) {
  EXPECT_EQ(PackageOf(Python("/v/lib/python3.12/site-packages/requests/api.py")), "requests");
  EXPECT_EQ(PackageOf(Python("/v/lib/python3.12/site-packages/six.py")), "six");
  EXPECT_EQ(PackageOf(Python("/v/lib/python3.12/site-packages/pip/_vendor/rich/x.py")), "pip");
  EXPECT_EQ(PackageOf(Python("/opt/lxml-4.9-py3.11.egg/lxml/html.py")), "lxml");
  EXPECT_EQ(PackageOf(Python("<__array_function__ internals>")), "numpy");
  EXPECT_EQ(PackageOf(Python("/usr/lib/python3.11/os.py")), "[stdlib]");
  EXPECT_EQ(PackageOf(Python("/srv/app/main.py")), "[own]");
}

TEST(PackageOf, GivesNativeCodeToThePackageThatBroughtIt) {
  const char* below = "/v/lib/python3.12/site-packages/";
  const auto package = [&](const char* file) {
    return PackageOf(Native((std::string(below) + file).c_str()));
  };
  EXPECT_EQ(package("numpy/core/_multiarray.cpython-312-x86_64-linux-gnu.so"), "numpy");
  EXPECT_EQ(package("numpy.libs/libopenblas64.so"), "numpy");
  EXPECT_EQ(package("_cffi_backend.cpython-312-x86_64-linux-gnu.so"), "_cffi_backend");
  EXPECT_EQ(PackageOf(Native("/usr/lib/x86_64-linux-gnu/libc.so.6")), "libc.so.6");
  EXPECT_EQ(PackageOf(Native("")), "[native]");
  EXPECT_EQ(PackageOf({.kind = FrameKind::kKernel, .name = "x"}), "[kernel]");
}

TEST(WithoutInstallPrefix, LeavesWhatDoesNotDependOnTheEnvironment) {
  EXPECT_EQ(WithoutInstallPrefix("/a/lib/python3.11/site-packages/x/y.py"), "x/y.py");
  EXPECT_EQ(WithoutInstallPrefix("/usr/lib/python3/dist-packages/x/y.py"), "x/y.py");
  EXPECT_EQ(WithoutInstallPrefix("/usr/lib/python3.11/json/decoder.py"), "json/decoder.py");
  EXPECT_EQ(WithoutInstallPrefix("/srv/app/main.py"), "/srv/app/main.py");
  EXPECT_EQ(WithoutInstallPrefix("<string>"), "<string>");
}

}  // namespace
}  // namespace profd
