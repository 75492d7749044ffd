#include "userspace/formats/html.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "userspace/formats/html_data.h"
#include "userspace/formats/html_source.h"
#include "userspace/page/page.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/pprof.h"
#include "userspace/profile/utf8.h"

namespace profd {
namespace {

using Json = nlohmann::ordered_json;

// The page unpacks a piece while the browser reads the next one. A multiple of 3.
constexpr size_t kPieceBytes = 768 << 10;
constexpr int kLevel = 9;  // libdeflate's

// Base64 is safe inside any element: no name of a target stands in the page as itself.
void AppendParts(absl::string_view id, absl::string_view bytes, std::string* page) {
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    absl::StrAppend(page, "<script type=\"application/octet-stream\" data-part=\"", id, "\">",
                    absl::Base64Escape(bytes.substr(at, kPieceBytes)), "</script>\n");
  }
}

absl::Status AppendCompressed(absl::string_view id, absl::string_view bytes, std::string* page) {
  const auto compressed = GzipCompress(bytes, kLevel);
  if (!compressed.ok()) return compressed.status();
  AppendParts(id, *compressed, page);
  return absl::OkStatus();
}

absl::Status AppendPprof(absl::string_view id, const Profile& profile, std::string* page) {
  EncodeOptions options;
  options.compression_level = kLevel;
  const auto pprof = EncodePprof(profile, options);
  if (!pprof.ok()) return pprof.status();
  AppendParts(id, *pprof, page);
  return absl::OkStatus();
}

std::string BusiestNames(const Profile& profile) {
  std::map<std::string, int64_t> samples;
  for (const Profile::Sample& sample : profile.samples()) {
    samples[profile.labels(sample.labels).comm] += std::min(sample.count, int64_t{1} << 40);
  }
  samples.erase("");
  std::vector<std::pair<int64_t, std::string>> order;
  order.reserve(samples.size());
  for (const auto& [name, count] : samples) order.emplace_back(-count, name);
  std::sort(order.begin(), order.end());
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(order.size(), 3); ++i) {
    absl::StrAppend(&names, i > 0 ? ", " : "", order[i].second);
  }
  if (order.size() > 3) absl::StrAppend(&names, " and ", order.size() - 3, " more");
  return names;
}

std::string About(const Recording& a, const HtmlOptions& options) {
  std::string title = options.title.empty() ? BusiestNames(a.profile) : options.title;
  return Json{{"title", ToUtf8(title, 1024)}, {"command", ToUtf8(options.command, 4096)}}.dump(
      -1, ' ', false, Json::error_handler_t::replace);
}

std::string Sources(const Profile& profile) {
  Json files = Json::array();
  for (SourceText& source : ReadSources(profile)) {
    files.push_back({{"file", ToUtf8(source.file, 4096)},
                     {"fits", source.fits},
                     {"text", std::move(source.text)}});
  }
  return files.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

absl::StatusOr<std::string> EncodeHtml(const Recording& a, const Recording* b,
                                       const HtmlOptions& options) {
  const std::pair<absl::string_view, absl::string_view> page =
      absl::StrSplit(PageTemplate(), absl::MaxSplits(kPageDataMark, 1));
  std::string html(page.first);
  auto status = AppendCompressed("about", About(a, options), &html);
  PairNumbers pairs;
  PairNumbers* const paired = b != nullptr ? &pairs : nullptr;
  const PageData a_data = EncodePageData(a, options.a_name, paired);
  const PageData b_data = b != nullptr ? EncodePageData(*b, options.b_name, paired) : PageData();
  if (status.ok()) status = AppendCompressed("a", a_data.stacks, &html);
  if (status.ok() && b != nullptr) status = AppendCompressed("b", b_data.stacks, &html);
  if (status.ok()) status = AppendCompressed("times-a", a_data.times, &html);
  if (status.ok() && b != nullptr) status = AppendCompressed("times-b", b_data.times, &html);
  if (status.ok()) status = AppendPprof("pprof-a", a.profile, &html);
  if (status.ok() && b != nullptr) status = AppendPprof("pprof-b", b->profile, &html);
  if (status.ok() && options.with_source) {
    // In a difference the text is the newer side's.
    status = AppendCompressed("source", Sources(b != nullptr ? b->profile : a.profile), &html);
  }
  if (!status.ok()) return status;
  absl::StrAppend(&html, page.second);
  return html;
}

}  // namespace profd
