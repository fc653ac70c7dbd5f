// SPDX-License-Identifier: Apache-2.0

/// The instance whose agent asks is not there any more.
package struct InstanceRemoved: Error {}
