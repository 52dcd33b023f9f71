#include "hooks/edits/editable.hpp"

#include "base/text.hpp"
#include "hooks/edits/edits.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace grapnel::hooks {

namespace {

enum Kinds : unsigned { sets = 1, adds = 2, deletes = 4, writes = sets | adds, all = 7 };

struct Row {
    std::string_view path;   // "#": an index; "*": any name; "**": all that is below
    unsigned kinds;
    Stages stages;
    Edit edit;
};

// The actions of an answer are looked at before anything else (C46); here only what is no edit at
// all is found.
Result<> edit_action(Draft&, const Operation& operation)
{
    if (operation.index) return permanent("an index, but no array");
    return {};
}

constexpr Stages everywhere{Stage::connect, Stage::ehlo,     Stage::mail,  Stage::rcpt,
                            Stage::data,    Stage::delivery, Stage::defer, Stage::dsn};
constexpr Stages inbound{Stage::connect, Stage::ehlo, Stage::mail, Stage::rcpt, Stage::data};
constexpr Stages with_sender{Stage::mail, Stage::data};
constexpr Stages with_recipient{Stage::rcpt, Stage::data};
constexpr Stages at_data{Stage::data};
constexpr Stages after_a_job{Stage::delivery, Stage::defer};
constexpr Stages with_message{Stage::data, Stage::dsn};

constexpr std::array rows{
    Row{"/action", writes, everywhere, edit_action},

    Row{"/response", writes, inbound, edit_response},
    Row{"/response/code", writes, inbound, edit_response},
    Row{"/response/enhancedCode", all, inbound, edit_response},
    Row{"/response/message", writes, inbound, edit_response},

    Row{"/envelope/from", writes, with_sender, edit_sender},
    Row{"/envelope/from/address", writes, with_sender, edit_sender},
    Row{"/envelope/from/parameters", all, with_sender, edit_sender},
    Row{"/envelope/from/parameters/*", all, with_sender, edit_sender},

    Row{"/envelope/to", adds, at_data, add_recipient},
    Row{"/envelope/to/-", adds, at_data, add_recipient},
    Row{"/envelope/to/#", adds, at_data, add_recipient},
    Row{"/envelope/to", sets, at_data, replace_recipients},
    Row{"/envelope/to/#", sets, with_recipient, edit_recipient},
    Row{"/envelope/to/#", deletes, with_recipient, delete_recipient},
    Row{"/envelope/to/#/address", writes, with_recipient, edit_recipient},
    Row{"/envelope/to/#/parameters", all, with_recipient, edit_recipient},
    Row{"/envelope/to/#/parameters/*", all, with_recipient, edit_recipient},

    Row{"/envelope/to/#/status", writes, after_a_job, edit_status},
    Row{"/envelope/to/#/nextAttemptAt", writes, after_a_job, edit_next_attempt},
    Row{"/envelope/to/#/nextDsnAt", all, after_a_job, edit_next_dsn},

    Row{"/message", all, with_message, edit_message},
    Row{"/message/**", all, with_message, edit_message},
    Row{"/rawMessage", all, with_message, edit_message},
};

unsigned kind_bit(OperationKind kind)
{
    switch (kind) {
    case OperationKind::set:
        return sets;
    case OperationKind::add:
        return adds;
    case OperationKind::remove:
        return deletes;
    default:
        return 0;   // of a version to come
    }
}

bool fits(std::string_view pattern, const Pointer& path)
{
    const auto names = split(pattern.substr(1), '/');
    if (names.back() == "**") {
        if (path.size() < names.size()) return false;
    } else if (path.size() != names.size()) {
        return false;
    }
    for (std::size_t n = 0; n < names.size() && names[n] != "**"; ++n) {
        if (names[n] == "*") continue;
        const bool fit = names[n] == "#" ? array_index(path[n]).has_value() : path[n] == names[n];
        if (!fit) return false;
    }
    return true;
}

}

Edit editable(Stage stage, const Operation& operation)
{
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
        return (candidate.kinds & kind_bit(operation.kind)) != 0 && candidate.stages.has(stage) &&
               fits(candidate.path, operation.path);
    });
    return row == rows.end() ? nullptr : row->edit;
}

}
