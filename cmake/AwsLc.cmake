# AWS-LC (TLS and cryptography), built once from the sources that scripts/build-awslc vendors, shared by all presets.
# The script returns at once when the build at hand is the one that third_party/aws-lc/Cargo.lock asks for.
set(RIPSTOP_AWSLC_DIR ${RIPSTOP_DEPS_DIR}/aws-lc)
if(NOT EXISTS ${RIPSTOP_AWSLC_DIR}/lib/libssl.a)
  message(STATUS "Building AWS-LC into ${RIPSTOP_AWSLC_DIR} (about a minute on two cores)")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/third_party/aws-lc/Cargo.lock ${CMAKE_SOURCE_DIR}/scripts/build-awslc)
execute_process(
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/build-awslc ${RIPSTOP_AWSLC_DIR}
  COMMAND_ERROR_IS_FATAL ANY)
add_library(ripstop_awslc INTERFACE)
target_include_directories(ripstop_awslc SYSTEM INTERFACE ${RIPSTOP_AWSLC_DIR}/include)
target_link_libraries(ripstop_awslc INTERFACE ${RIPSTOP_AWSLC_DIR}/lib/libssl.a ${RIPSTOP_AWSLC_DIR}/lib/libcrypto.a pthread)
