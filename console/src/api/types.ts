/** Names the structures of the server's OpenAPI document that the console uses. */

import type { components } from "../../.cache/schema";

type Schemas = components["schemas"];
/** A value as the server returns it: what is not set is left out. */
type Returned<T> = T extends readonly (infer E)[] ? Returned<E>[] : T extends object ? { [K in keyof T]: Returned<Exclude<T[K], null>> } : T;
type Told<N extends keyof Schemas> = Returned<Schemas[N]>;

export type Library = Told<"com.vmware.content.library_model"> & { id: string; name: string };
export type LibrarySpec = Schemas["com.vmware.content.library_model"];
export type PublishInfo = Schemas["com.vmware.content.library.publish_info"];
export type Subscription = Schemas["com.vmware.content.library.subscription_info"];
export type Usage = Told<"com.vmware.content.library.usages.info">;
export type Policy = Told<"com.vmware.content.security_policies.info">;
export type ContentType = Told<"com.vmware.content.type.info">;
export type LibraryRow = Told<"contentlib.library.row">;
export type Annotation = Told<"contentlib.labels.info">;
export type AnnotationChange = Schemas["contentlib.labels.update_spec"];
export type Label = Told<"contentlib.labels.label">;
export type LabelUse = Told<"contentlib.labels.use">;
export type Tag = Told<"com.vmware.cis.tagging.tag_model">;
export type Category = Told<"com.vmware.cis.tagging.category_model">;
export type Overview = Told<"contentlib.overview.info">;
export type Probe = Told<"com.vmware.content.subscribed_library.probe_result">;
export type Item = Told<"com.vmware.content.library.item_model"> & { id: string; name: string; library_id: string };
export type ItemRow = Told<"contentlib.library.item.row">;
export type ItemSpec = Schemas["com.vmware.content.library.item_model"];
export type File = Told<"com.vmware.content.library.item.file.info">;
export type Version = Told<"contentlib.library.item.versions.info">;
export type UpdateSession = Told<"com.vmware.content.library.item.update_session_model">;
export type UpdateFile = Told<"com.vmware.content.library.item.updatesession.file.info">;
export type Checksum = Schemas["com.vmware.content.library.item.file.checksum_info"];
export type Validation = Told<"com.vmware.content.library.item.updatesession.file.validation_result">;
export type Task = Told<"com.vmware.cis.task.info">;
export type Deleted = Told<"contentlib.library.trash.info">;
export type AuditEntry = Told<"contentlib.access.audit.info">;
export type AuditPage = Told<"contentlib.access.audit.list_result">;
export type Self = Told<"contentlib.access.self.info">;
export type User = Told<"contentlib.access.users.info">;
export type Group = Told<"contentlib.access.groups.info">;
export type Role = Told<"contentlib.access.roles.info">;
export type Permission = Told<"contentlib.access.permissions.info">;
export type PermissionSpec = Schemas["contentlib.access.permissions.spec"];
export type Token = Told<"contentlib.access.tokens.info">;
export type LoginSession = Told<"contentlib.access.sessions.info">;
export type NewToken = Told<"contentlib.access.tokens.create_result">;
export type Setting = Told<"contentlib.server.settings.info">;
export type Certificate = Told<"contentlib.server.certificates.info">;
export type Quota = Told<"contentlib.quotas.info">;
export type QuotaSpec = Schemas["contentlib.quotas.spec"];
export type Retention = Told<"contentlib.library.retention.info">;
export type RetentionSpec = Schemas["contentlib.library.retention.spec"];
export type Subscriber = Told<"contentlib.library.subscribers.info">;
export type NewSubscriber = Told<"contentlib.library.subscribers.create_result">;
export type Datastore = Told<"com.vmware.vcenter.datastore.summary">;
