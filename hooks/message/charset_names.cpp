#include "hooks/message/charset_names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {

struct Row {
    std::string_view name;      // in mail
    std::string_view reading;   // for iconv
    std::string_view writing;   // "": the same
};

constexpr std::array rows{
    Row{"latin1", "ISO-8859-1", ""},
    Row{"iso-8859-6-i", "ISO-8859-6", ""},
    Row{"iso-8859-6-e", "ISO-8859-6", ""},
    Row{"iso-8859-8-i", "ISO-8859-8", ""},
    Row{"iso-8859-8-e", "ISO-8859-8", ""},
    Row{"windows-874", "CP874", ""},
    Row{"tis-620", "CP874", "TIS-620"},
    Row{"koi8-r", "KOI8-R", ""},
    Row{"koi8-u", "KOI8-U", ""},
    Row{"koi8-ru", "KOI8-RU", ""},
    Row{"koi8-t", "KOI8-T", ""},
    Row{"macintosh", "MACINTOSH", ""},
    Row{"x-mac-roman", "MACINTOSH", ""},
    Row{"ibm437", "IBM437", ""},
    Row{"cp437", "IBM437", ""},
    Row{"ibm850", "IBM850", ""},
    Row{"cp850", "IBM850", ""},
    Row{"ibm852", "IBM852", ""},
    Row{"cp852", "IBM852", ""},
    Row{"ibm866", "IBM866", ""},
    Row{"cp866", "IBM866", ""},
    Row{"viscii", "VISCII", ""},
    Row{"big5", "BIG5-HKSCS", "BIG5"},
    Row{"big5-hkscs", "BIG5-HKSCS", ""},
    Row{"gb2312", "GB18030", "EUC-CN"},
    Row{"euc-cn", "GB18030", "EUC-CN"},
    Row{"gbk", "GB18030", "GBK"},
    Row{"gb18030", "GB18030", ""},
    Row{"euc-tw", "EUC-TW", ""},
    Row{"euc-jp", "EUC-JP-MS", "EUC-JP"},
    Row{"shift_jis", "CP932", "SJIS"},
    Row{"shift-jis", "CP932", "SJIS"},
    Row{"sjis", "CP932", "SJIS"},
    Row{"windows-31j", "CP932", ""},
    Row{"cp932", "CP932", ""},
    Row{"iso-2022-jp", "ISO-2022-JP", ""},
    Row{"iso-2022-jp-2", "ISO-2022-JP-2", ""},
    Row{"iso-2022-jp-3", "ISO-2022-JP-3", ""},
    Row{"iso-2022-kr", "ISO-2022-KR", ""},
    Row{"iso-2022-cn", "ISO-2022-CN", ""},
    Row{"euc-kr", "CP949", "EUC-KR"},
    Row{"ks_c_5601-1987", "CP949", ""},
    Row{"ks_c_5601", "CP949", ""},
    Row{"ksc5601", "CP949", ""},
    Row{"cp949", "CP949", ""},
    Row{"johab", "JOHAB", ""},
    Row{"utf-7", "UTF-7", ""},
    Row{"unicode-1-1-utf-7", "UTF-7", ""},
    Row{"utf-16", "UTF-16", ""},
    Row{"utf-16le", "UTF-16LE", ""},
    Row{"utf-16be", "UTF-16BE", ""},
    Row{"utf-32", "UTF-32", ""},
    Row{"utf-32le", "UTF-32LE", ""},
    Row{"utf-32be", "UTF-32BE", ""},
};

// "iso-8859-15", "cp1252" and what they are called besides: the number, if this is a family.
struct Family {
    std::string_view prefix, for_iconv;
    unsigned first, last;
};
constexpr std::array families{
    Family{"iso-8859-", "ISO-8859-", 1, 16}, Family{"iso_8859-", "ISO-8859-", 1, 16},
    Family{"iso8859-", "ISO-8859-", 1, 16},  Family{"windows-", "CP", 1250, 1258},
    Family{"cp", "CP", 1250, 1258},          Family{"x-cp", "CP", 1250, 1258},
};

std::optional<std::string> family_member(std::string_view name)
{
    for (const auto& family : families) {
        if (!name.starts_with(family.prefix)) continue;
        const auto number = parse_number<unsigned>(name.substr(family.prefix.size()));
        if (number && *number >= family.first && *number <= family.last && *number != 12)
            return std::string(family.for_iconv) + std::to_string(*number);
    }
    return std::nullopt;
}

}

std::optional<Charset> charset_named(std::string_view name)
{
    const auto plain = lower(trim(name));
    for (const std::string_view utf8 : {"utf-8", "utf8"})
        if (plain == utf8) return Charset{Charset::Kind::utf8};
    for (const std::string_view ascii : {"us-ascii", "ascii", "ansi_x3.4-1968"})
        if (plain == ascii) return Charset{Charset::Kind::ascii};
    if (const auto member = family_member(plain))
        return Charset{Charset::Kind::other, *member, *member};
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Row& entry) { return entry.name == plain; });
    if (row == rows.end()) return std::nullopt;
    const bool wide = plain.starts_with("utf-") || plain == "unicode-1-1-utf-7";
    return Charset{Charset::Kind::other, std::string(row->reading),
                   std::string(row->writing.empty() ? row->reading : row->writing), !wide};
}

std::vector<std::string> charsets_for_iconv()
{
    std::vector<std::string> all;
    for (const auto& row : rows) {
        all.emplace_back(row.reading);
        if (!row.writing.empty()) all.emplace_back(row.writing);
    }
    for (const auto& family : families)
        for (auto n = family.first; n <= family.last; ++n)
            if (n != 12) all.push_back(std::string(family.for_iconv) + std::to_string(n));
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

}
