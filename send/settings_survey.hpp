// All settings of a home as they are: what counts, where it comes from, what is wrong.
#pragma once

#include "base/settings.hpp"
#include "base/sys/control.hpp"
#include "send/classic_settings.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace grapnel::send {

struct SurveyedSetting {
    enum class Origin { by_default, me, file, unreadable };
    const Setting* setting = nullptr;
    Origin origin = Origin::by_default;
    std::string text = {};   // of the file
};

struct Problem {
    std::string file;
    std::size_t line = 0;   // 0: of the whole file
    std::string text;       // a sentence

    std::string sentence() const;   // "FILE: line N: TEXT"
};

struct Survey {
    std::string me;   // "" where it is missing
    std::vector<SurveyedSetting> settings;
    std::vector<Problem> problems;
    std::vector<std::string> notes;   // what is no fault, but should be known
    std::vector<const ForeignSetting*> foreign;
    std::vector<std::string> unknown;   // files that nobody knows
    TableState more_hosts = TableState::none;
    bool open_relay = false;   // without rcpthosts
};

// Throws system_error where control/ itself cannot be looked into.
Survey survey_settings(const Control& control);

// One object: home, settings, problems, notes, foreign and unknown files. RFC 8259.
std::string json_of(const Survey& survey);

}
