# The three kinds of target that folders are made of.

# grapnel_precompiled(NAME [LIBRARY] HEADERS <a> … [OPTIONS …] [LINK …]): headers that targets with the same options
# need not compile again. LIBRARY: for libraries, which are not compiled as programs are (PIE).
function(grapnel_precompiled name)
    cmake_parse_arguments(arg "LIBRARY" "" "HEADERS;OPTIONS;LINK" ${ARGN})
    if(NOT GRAPNEL_PRECOMPILE)
        return()
    endif()
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/generated/${name}.cpp CONTENT "int main() {}\n")
    if(arg_LIBRARY)
        add_library(${name} STATIC ${CMAKE_BINARY_DIR}/generated/${name}.cpp)
    else()
        add_executable(${name} ${CMAKE_BINARY_DIR}/generated/${name}.cpp)
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${name} PRIVATE grapnel_options ${arg_LINK})
    target_compile_options(${name} PRIVATE ${arg_OPTIONS})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()
set(grapnel_headers <algorithm> <array> <chrono> <cstdint> <functional> <map> <memory> <optional> <string> <string_view>
    <system_error> <utility> <vector> <boost/asio/awaitable.hpp>)
grapnel_precompiled(library_headers LIBRARY HEADERS ${grapnel_headers})

# grapnel_library(NAME SOURCES a.cpp … LINK other_library …)
function(grapnel_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC grapnel_options ${arg_LINK})
    if(TARGET library_headers)
        target_precompile_headers(${name} REUSE_FROM library_headers)
    endif()
    set_property(GLOBAL APPEND PROPERTY GRAPNEL_LIBRARIES ${name})
endfunction()

# Whether a program can be made of static libraries alone. Sanitizers cannot.
include(CheckCXXSourceCompiles)
option(GRAPNEL_STATIC "Link the C library statically into programs that are started once per message" ON)
if(GRAPNEL_STATIC AND NOT GRAPNEL_SANITIZE AND NOT GRAPNEL_FUZZ)
    set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie)
    check_cxx_source_compiles("int main() {}" GRAPNEL_CAN_LINK_STATICALLY)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
endif()

# grapnel_program(qmail-queue [SMALL | TINY] [SOURCES qmail-queue.cpp …] LINK library …)
# SMALL: started once per message; links the C++ library statically, which halves the time to start.
# TINY: the C library too, which halves it again. Not for programs that look up users or hosts, which
# load more libraries as they run.
function(grapnel_program name)
    cmake_parse_arguments(arg "SMALL;TINY" "" "SOURCES;LINK" ${ARGN})
    if(NOT arg_SOURCES)
        set(arg_SOURCES ${name}.cpp)
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE grapnel_options ${arg_LINK})
    if(arg_TINY AND GRAPNEL_CAN_LINK_STATICALLY)
        set_target_properties(${name} PROPERTIES GRAPNEL_STATIC ON)   # see warnings.cmake
    elseif(arg_SMALL OR arg_TINY)
        target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
    set_property(GLOBAL APPEND PROPERTY GRAPNEL_PROGRAMS ${name})
endfunction()

# grapnel_knows(PROGRAM OTHER): PROGRAM can tell the OTHER of the same build from any other (base/sys/own_code).
function(grapnel_knows program other)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/id_of_${other}.cpp)
    add_custom_command(OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -DOUTPUT=${source} -DFILE=$<TARGET_FILE:${other}> -DREADELF=${CMAKE_READELF}
                -P ${CMAKE_SOURCE_DIR}/cmake/build_id.cmake
        DEPENDS ${other} ${CMAKE_SOURCE_DIR}/cmake/build_id.cmake VERBATIM)
    target_sources(${program} PRIVATE ${source})
endfunction()
