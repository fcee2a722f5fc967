# AWS-LC (TLS and cryptography), built once from the sources that scripts/build-awslc vendors, shared by all presets.
set(RIPSTOP_AWSLC_DIR ${RIPSTOP_DEPS_DIR}/aws-lc)
if(NOT EXISTS ${RIPSTOP_AWSLC_DIR}/lib/libssl.a)
  message(STATUS "Building AWS-LC into ${RIPSTOP_AWSLC_DIR} (about a minute on two cores)")
  execute_process(
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/build-awslc ${RIPSTOP_AWSLC_DIR}
    COMMAND_ERROR_IS_FATAL ANY)
endif()
add_library(ripstop_awslc INTERFACE)
target_include_directories(ripstop_awslc SYSTEM INTERFACE ${RIPSTOP_AWSLC_DIR}/include)
target_link_libraries(ripstop_awslc INTERFACE ${RIPSTOP_AWSLC_DIR}/lib/libssl.a ${RIPSTOP_AWSLC_DIR}/lib/libcrypto.a pthread)
