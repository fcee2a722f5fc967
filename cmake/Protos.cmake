# The protobuf subsets of api/ compiled into one library, so that generated code is built once and on its own.
find_package(Protobuf REQUIRED)
file(GLOB_RECURSE RIPSTOP_PROTO_FILES RELATIVE ${CMAKE_SOURCE_DIR}/api CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/api/*.proto)
if(RIPSTOP_PROTO_FILES)
  set(generated_dir ${CMAKE_BINARY_DIR}/api)
  file(MAKE_DIRECTORY ${generated_dir})
  set(generated_sources)
  set(generated_headers)
  set(proto_paths)
  foreach(proto ${RIPSTOP_PROTO_FILES})
    string(REGEX REPLACE "\\.proto$" ".pb" stem ${proto})
    list(APPEND generated_sources ${generated_dir}/${stem}.cc)
    list(APPEND generated_headers ${generated_dir}/${stem}.h)
    list(APPEND proto_paths ${CMAKE_SOURCE_DIR}/api/${proto})
  endforeach()
  add_custom_command(
    OUTPUT ${generated_sources} ${generated_headers}
    COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}/api --cpp_out=${generated_dir} ${RIPSTOP_PROTO_FILES}
    DEPENDS ${proto_paths} protobuf::protoc
    COMMENT "Generating C++ from api/"
    VERBATIM)
  add_library(ripstop_protos STATIC ${generated_sources})
  target_include_directories(ripstop_protos SYSTEM PUBLIC ${generated_dir})
  target_link_libraries(ripstop_protos PUBLIC protobuf::libprotobuf)
  if(RIPSTOP_LTO)
    target_compile_options(ripstop_protos PRIVATE -flto=thin)
  endif()
else()
  add_library(ripstop_protos INTERFACE)
endif()
