# Language level, warnings, hardening and sanitizers, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(grapnel_options INTERFACE)
target_include_directories(grapnel_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(grapnel_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Werror
    -fstack-protector-strong -fstack-clash-protection -fcf-protection)
target_compile_definitions(grapnel_options INTERFACE
    _GLIBCXX_ASSERTIONS
    BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY)
target_link_options(grapnel_options INTERFACE -Wl,-z,relro,-z,now -Wl,--build-id=sha1
    $<IF:$<BOOL:$<TARGET_PROPERTY:GRAPNEL_STATIC>>,-static-pie,-pie>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees overlapping copies in std::string where there are none (GCC bug 105651), and takes
    # the frame of a coroutine, which Asio allocates, for memory of another kind.
    target_compile_options(grapnel_options INTERFACE -ftrivial-auto-var-init=zero -fcoroutines -Wno-restrict
        $<$<NOT:$<CONFIG:Debug>>:-Wno-mismatched-new-delete>)
endif()
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_definitions(grapnel_options INTERFACE _FORTIFY_SOURCE=3)
endif()

# -O0: optimised sanitizer builds take three times as long to compile.
if(GRAPNEL_SANITIZE OR GRAPNEL_FUZZ)
    set(CMAKE_CXX_FLAGS_DEBUG -g1)   # what a report needs; more takes longer to write and to link
    set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        list(APPEND sanitizers -fno-sanitize=function)   # clang 14 cannot have it in coroutines
    endif()
    if(GRAPNEL_FUZZ)
        list(APPEND sanitizers -fsanitize=fuzzer-no-link -O1)
    endif()
    target_compile_options(grapnel_options INTERFACE ${sanitizers})
    target_link_options(grapnel_options INTERFACE ${sanitizers})
endif()

# As in the files conf-* of the original; what is no name or number is refused here.
foreach(names GRAPNEL_USERS:8 GRAPNEL_GROUPS:2)
    string(REGEX REPLACE ":.*" "" variable ${names})
    string(REGEX REPLACE ".*:" "" wanted ${names})
    separate_arguments(words UNIX_COMMAND "${${variable}}")
    list(LENGTH words count)
    if(NOT count EQUAL wanted OR NOT "${${variable}}" MATCHES "^[a-z0-9_. -]+$")
        message(FATAL_ERROR "${variable} must be ${wanted} names: \"${${variable}}\"")
    endif()
    list(JOIN words "\", \"" ${variable}_QUOTED)
endforeach()
string(REGEX REPLACE " .*" "" GRAPNEL_QUEUE_GROUP "${GRAPNEL_GROUPS}")
string(REGEX REPLACE ".* " "" GRAPNEL_OTHERS_GROUP "${GRAPNEL_GROUPS}")
if(NOT GRAPNEL_BREAK MATCHES "^[-+=._]$")
    message(FATAL_ERROR "GRAPNEL_BREAK must be one of - + = . _: \"${GRAPNEL_BREAK}\"")
endif()
if(NOT GRAPNEL_PATRN MATCHES "^0?[0-7][0-7][0-7]$")
    message(FATAL_ERROR "GRAPNEL_PATRN must be an octal number: \"${GRAPNEL_PATRN}\"")
endif()

file(WRITE ${CMAKE_BINARY_DIR}/generated/build_config.hpp.new
"// Written by CMake: what was chosen when this tree was configured.
#pragma once
namespace grapnel::build {
inline constexpr char home[] = \"${GRAPNEL_HOME}\";
inline constexpr unsigned split = ${GRAPNEL_SPLIT};
inline constexpr unsigned spawn = ${GRAPNEL_SPAWN};
inline constexpr char separator = '${GRAPNEL_BREAK}';
inline constexpr unsigned paternalism = 0${GRAPNEL_PATRN};
// alias, network, log, owner of files, getpw, queue, remote, send
inline constexpr const char* users[] = {\"${GRAPNEL_USERS_QUOTED}\"};
inline constexpr char queue_group[] = \"${GRAPNEL_QUEUE_GROUP}\", others_group[] = \"${GRAPNEL_OTHERS_GROUP}\";
inline constexpr char version[] = \"${PROJECT_VERSION}\";
}
")
configure_file(${CMAKE_BINARY_DIR}/generated/build_config.hpp.new
    ${CMAKE_BINARY_DIR}/generated/build_config.hpp COPYONLY)
