# The three kinds of target that folders are made of.

# grapnel_library(NAME SOURCES a.cpp … LINK other_library …)
function(grapnel_library name)
    cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC grapnel_options ${arg_LINK})
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
