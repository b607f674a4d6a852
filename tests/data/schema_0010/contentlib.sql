BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0010');
CREATE TABLE arrivals (
	id TEXT NOT NULL, 
	library TEXT NOT NULL, 
	etag TEXT, 
	modified TEXT, 
	total BIGINT, 
	blob TEXT, 
	CONSTRAINT pk_arrivals PRIMARY KEY (id), 
	CONSTRAINT fk_arrivals_library FOREIGN KEY(library) REFERENCES libraries (id) ON DELETE CASCADE
);
CREATE TABLE blobs (
	id TEXT NOT NULL, 
	storage TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 TEXT NOT NULL, 
	digests TEXT NOT NULL, 
	mark TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	unreferenced BIGINT, 
	unflushed TEXT, 
	CONSTRAINT pk_blobs PRIMARY KEY (id)
);
INSERT INTO "blobs" VALUES('f531f747-5231-4872-b447-9cb5be02e8cc','datastore-1',5,'a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e','{"SHA256":"a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"}','2220978:1795900712958006605',1795900712964,NULL,NULL);
INSERT INTO "blobs" VALUES('5f36d724-d2bb-43d4-ae93-1c2a00c84e47','datastore-1',6,'16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4','{"SHA256":"16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"}','2220386:1795900713137221638',1795900713138,NULL,NULL);
INSERT INTO "blobs" VALUES('d3bdf209-463f-4f20-8396-96a03ab05560','datastore-1',7,'80cfa3e7f28dde4df64436b652230aff28d7779116d1369c21ef2bbf37261d71','{"SHA256":"80cfa3e7f28dde4df64436b652230aff28d7779116d1369c21ef2bbf37261d71"}','2220388:1795900713241169272',1795900713247,1795900713247,'0defe090-4c8c-4356-acc6-c17b426fb9fd');
CREATE TABLE download_sessions (
	id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	login TEXT NOT NULL, 
	item TEXT NOT NULL, 
	content_version INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	progress INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	touched BIGINT NOT NULL, 
	ended BIGINT, 
	fault TEXT, 
	version_id TEXT, 
	CONSTRAINT pk_download_sessions PRIMARY KEY (id)
);
INSERT INTO "download_sessions" VALUES('01a22406-2921-75da-a45e-2fc7bff8c2fc','administrator@vsphere.local','d4953d2339f148050421d2fff7d5b0f39864831f61ebe865b6b6e212700e6e02','51a545a0-1092-4a02-bfc5-bec924ad54df',3,'ACTIVE',0,1795900713249,1795900713249,NULL,NULL,'bea6ee44-e3cd-46fe-bad7-e4d4a5704cf4');
CREATE TABLE items (
	id TEXT NOT NULL, 
	library TEXT NOT NULL, 
	name TEXT NOT NULL, 
	folded_name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	type TEXT NOT NULL, 
	folded_type TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	modified BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	metadata_version INTEGER NOT NULL, 
	content_version INTEGER NOT NULL, 
	size BIGINT NOT NULL, 
	version_id TEXT, 
	source TEXT, 
	abandoned BOOLEAN NOT NULL, deleted BIGINT, deleted_by TEXT, deleted_until BIGINT, synced BIGINT, 
	CONSTRAINT pk_items PRIMARY KEY (id), 
	CONSTRAINT fk_items_library FOREIGN KEY(library) REFERENCES libraries (id), 
	CONSTRAINT fk_items_version_id FOREIGN KEY(version_id) REFERENCES versions (id)
);
INSERT INTO "items" VALUES('51a545a0-1092-4a02-bfc5-bec924ad54df','751e51f5-f7bf-48ee-a554-2631c159f50f','image','image','','iso','iso',1795900712826,1795900713140,1,1,3,6,'bea6ee44-e3cd-46fe-bad7-e4d4a5704cf4',NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES('5c443875-586b-47d8-9a43-b3e83f2d3a4a','fd5acc6f-2e18-43d4-bec1-ee9bf1733793','deleted','deleted','','','',1795900713154,1795900713154,1,1,1,0,NULL,NULL,0,1795900713156,'administrator@vsphere.local',1796505513156,NULL);
INSERT INTO "items" VALUES('ddcd07cd-720c-4171-857c-f8d7a50bb5de','fd5acc6f-2e18-43d4-bec1-ee9bf1733793','open','open','','','',1795900713158,1795900713158,1,1,1,0,NULL,NULL,0,NULL,NULL,NULL,NULL);
INSERT INTO "items" VALUES('2d3c1b53-f1ce-46e6-85d7-bd20a2e93677','7bb30737-87f8-43a9-8302-d5e1f1de150c','image','image','','iso','iso',1795900714808,1795900714877,1,1,3,6,'0d4e12db-8234-47f3-953d-da3f7e807783','51a545a0-1092-4a02-bfc5-bec924ad54df',0,NULL,NULL,NULL,1795900714877);
CREATE TABLE jobs (
	name TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	until BIGINT NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (name)
);
INSERT INTO "jobs" VALUES('persist','2471c797-ada3-49ac-b2d3-ea9dd6034916',1795900721123);
INSERT INTO "jobs" VALUES('expire','2471c797-ada3-49ac-b2d3-ea9dd6034916',1795900721123);
CREATE TABLE libraries (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	folded_name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	type TEXT NOT NULL, 
	backings TEXT NOT NULL, 
	storage TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	modified BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	publishing TEXT NOT NULL, 
	optimize_remote_publishing BOOLEAN NOT NULL, 
	apply_usage_to_items BOOLEAN, 
	security_policy TEXT, 
	revision INTEGER NOT NULL, deleted BIGINT, deleted_by TEXT, deleted_until BIGINT, subscription TEXT, following TEXT, retention TEXT, maintenance TEXT, unmoved TEXT, 
	CONSTRAINT pk_libraries PRIMARY KEY (id)
);
INSERT INTO "libraries" VALUES('751e51f5-f7bf-48ee-a554-2631c159f50f','published','published','','LOCAL','[]','datastore-1',1795900712775,1795900712775,1,'{"published":true,"authentication":"BASIC","user_name":"vcsp","password_hash":"$argon2id$v=19$m=65536,t=3,p=4$L04v5gP6mG+ePA39ZFL4vA$1nmCPdh5mFBK0EwyEoTcdRwfN/5/lS5dmM/0vmiVzg0","persist_json":false}',0,NULL,NULL,3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "libraries" VALUES('fd5acc6f-2e18-43d4-bec1-ee9bf1733793','plain','plain','','LOCAL','[]','datastore-1',1795900713151,1795900713151,1,'{"published":false,"authentication":"NONE","user_name":null,"password_hash":null,"persist_json":false}',0,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "libraries" VALUES('7bb30737-87f8-43a9-8302-d5e1f1de150c','copy','copy','','SUBSCRIBED','[]','datastore-1',1795900713254,1795900713254,1,'{"published":false,"authentication":"NONE","user_name":null,"password_hash":null,"persist_json":false}',0,NULL,NULL,2,NULL,NULL,NULL,'{"url":"http://127.0.0.1:18771/cls/vcsp/lib/751e51f5-f7bf-48ee-a554-2631c159f50f/lib.json","authentication":"BASIC","user_name":"vcsp","password":"VKlfchDmyxhcDzc/toB/rNZnEvZMfIlc7Wr9MFIHz0WTxQ==","thumbprint":null,"certificate":null,"automatic_sync":false,"on_demand":false,"source":"751e51f5-f7bf-48ee-a554-2631c159f50f","invitation":null}','{"catalog":"751e51f5-f7bf-48ee-a554-2631c159f50f","seen":{"version":"3","etag":null,"modified":null,"library":"","items":"","sure":true},"synced":1795900714905,"tried":1795900714075,"fault":null}',NULL,NULL,NULL);
CREATE TABLE logins (
	token_hash TEXT NOT NULL, 
	user TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	touched BIGINT NOT NULL, 
	CONSTRAINT pk_logins PRIMARY KEY (token_hash)
);
INSERT INTO "logins" VALUES('d4953d2339f148050421d2fff7d5b0f39864831f61ebe865b6b6e212700e6e02','administrator@vsphere.local',1795900711729,1795900714955);
CREATE TABLE offers (
	item TEXT NOT NULL, 
	library TEXT NOT NULL, 
	offered TEXT NOT NULL, 
	held TEXT, 
	fault TEXT, 
	CONSTRAINT pk_offers PRIMARY KEY (item), 
	CONSTRAINT fk_offers_item FOREIGN KEY(item) REFERENCES items (id) ON DELETE CASCADE
);
INSERT INTO "offers" VALUES('2d3c1b53-f1ce-46e6-85d7-bd20a2e93677','7bb30737-87f8-43a9-8302-d5e1f1de150c','{"id":"51a545a0-1092-4a02-bfc5-bec924ad54df","name":"image","type":"iso","version":"3","files":[{"name":"a.iso","size":6,"uris":["blob:5f36d724-d2bb-43d4-ae93-1c2a00c84e47"],"tag":"5f36d724-d2bb-43d4-ae93-1c2a00c84e47","generation":1795900713}],"content_version":"3","description":"","created":1795900712826}','{"id":"51a545a0-1092-4a02-bfc5-bec924ad54df","name":"image","type":"iso","version":"3","files":[{"name":"a.iso","size":6,"uris":["blob:5f36d724-d2bb-43d4-ae93-1c2a00c84e47"],"tag":"5f36d724-d2bb-43d4-ae93-1c2a00c84e47","generation":1795900713}],"content_version":"3","description":"","created":1795900712826}',NULL);
CREATE TABLE preparations (
	session TEXT NOT NULL, 
	name TEXT NOT NULL, 
	status TEXT NOT NULL, 
	endpoint TEXT NOT NULL, 
	fault TEXT, task TEXT, 
	CONSTRAINT pk_preparations PRIMARY KEY (session, name), 
	CONSTRAINT fk_preparations_session FOREIGN KEY(session) REFERENCES download_sessions (id) ON DELETE CASCADE
);
CREATE TABLE state (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_state PRIMARY KEY ("key")
);
INSERT INTO "state" VALUES('transfer_key','b1e0cba6b53365b6b14dc04f3879a0034901831cfc05b34a724269da5789309e');
INSERT INTO "state" VALUES('server_guid','38fa2171-f6ff-4bfa-9ac4-36d980beb1a6');
CREATE TABLE stored_files (
	version TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	blob TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	revision INTEGER NOT NULL, 
	checksum TEXT NOT NULL, 
	generation BIGINT NOT NULL, 
	CONSTRAINT pk_stored_files PRIMARY KEY (version, position), 
	CONSTRAINT fk_stored_files_blob FOREIGN KEY(blob) REFERENCES blobs (id), 
	CONSTRAINT fk_stored_files_version FOREIGN KEY(version) REFERENCES versions (id) ON DELETE CASCADE
);
INSERT INTO "stored_files" VALUES('da526cbc-6bf2-4b6e-ad05-5d559d8d0805',0,'a.iso','f531f747-5231-4872-b447-9cb5be02e8cc',5,1,'{"algorithm":"SHA256","digits":"a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"}',1795900712);
INSERT INTO "stored_files" VALUES('bea6ee44-e3cd-46fe-bad7-e4d4a5704cf4',0,'a.iso','5f36d724-d2bb-43d4-ae93-1c2a00c84e47',6,2,'{"algorithm":"SHA256","digits":"16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"}',1795900713);
INSERT INTO "stored_files" VALUES('0d4e12db-8234-47f3-953d-da3f7e807783',0,'a.iso','5f36d724-d2bb-43d4-ae93-1c2a00c84e47',6,1,'{"algorithm":"SHA256","digits":"16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"}',1795900713);
CREATE TABLE subscribers (
	number INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	library TEXT NOT NULL, 
	subscribed TEXT NOT NULL, 
	placement TEXT NOT NULL, 
	vcenter TEXT, 
	CONSTRAINT pk_subscribers PRIMARY KEY (number), 
	CONSTRAINT fk_subscribers_library FOREIGN KEY(library) REFERENCES libraries (id) ON DELETE CASCADE, 
	CONSTRAINT uq_subscribers_id UNIQUE (id)
);
CREATE TABLE tasks (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	service TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	description TEXT NOT NULL, 
	user TEXT NOT NULL, 
	arguments TEXT NOT NULL, 
	status TEXT NOT NULL, 
	cancelable BOOLEAN NOT NULL, 
	canceling BOOLEAN NOT NULL, 
	created BIGINT NOT NULL, 
	started BIGINT, 
	ended BIGINT, 
	due BIGINT NOT NULL, 
	attempts INTEGER NOT NULL, 
	owner TEXT, 
	until BIGINT, 
	completed BIGINT NOT NULL, 
	total BIGINT NOT NULL, 
	target TEXT, 
	parent TEXT, 
	result TEXT, 
	fault TEXT, 
	CONSTRAINT pk_tasks PRIMARY KEY (id)
);
INSERT INTO "tasks" VALUES('3aecf668-c30a-4964-a4b7-a8bf9c960141','sync','com.vmware.content.subscribed_library','sync','{"id":"task.sync","text":"synchronizes library ''copy''","args":["copy"],"error":null}','administrator@vsphere.local','{"library":"7bb30737-87f8-43a9-8302-d5e1f1de150c","item":null,"content":false}','SUCCEEDED',1,0,1795900714061,1795900714072,1795900714923,1795900714923,1,NULL,NULL,1,1,'{"type":"com.vmware.content.Library","id":"7bb30737-87f8-43a9-8302-d5e1f1de150c"}',NULL,'{"removed":0,"changed":0,"fetched":1,"warnings":[]}',NULL);
CREATE TABLE tokens (
	user TEXT NOT NULL, 
	operation TEXT NOT NULL, 
	value TEXT NOT NULL, 
	identifier TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_tokens PRIMARY KEY (user, operation, value)
);
CREATE TABLE trusted_certificates (
	id TEXT NOT NULL, 
	text TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_trusted_certificates PRIMARY KEY (id)
);
CREATE TABLE update_files (
	id TEXT NOT NULL, 
	session TEXT NOT NULL, 
	name TEXT NOT NULL, 
	source TEXT NOT NULL, 
	status TEXT NOT NULL, 
	removed BOOLEAN NOT NULL, 
	size BIGINT, 
	checksum TEXT, 
	received BIGINT NOT NULL, 
	content TEXT, 
	blob TEXT, 
	fault TEXT, 
	endpoint TEXT, 
	task TEXT, 
	archive TEXT, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_update_files PRIMARY KEY (session, name), 
	CONSTRAINT fk_update_files_session FOREIGN KEY(session) REFERENCES update_sessions (id) ON DELETE CASCADE
);
INSERT INTO "update_files" VALUES('ef5e488e-1a55-4424-bd4b-7e6f803f766b','c630534f-4661-4134-a5e5-82ef4c443df3','a.iso','PUSH','READY',0,NULL,NULL,5,'{"algorithm":"SHA256","digits":"a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"}','f531f747-5231-4872-b447-9cb5be02e8cc',NULL,NULL,NULL,NULL,0);
INSERT INTO "update_files" VALUES('74ac2f19-7c6c-44cf-aacf-042f21a3dab6','11ec28ec-9e0e-43c0-ba6a-ad41f4004b3e','a.iso','PUSH','READY',0,NULL,NULL,6,'{"algorithm":"SHA256","digits":"16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"}','5f36d724-d2bb-43d4-ae93-1c2a00c84e47',NULL,NULL,NULL,NULL,0);
INSERT INTO "update_files" VALUES('1806279f-ba83-4478-bfd1-a94b72d9b755','b270635b-240c-42de-9f69-d865496d6b52','b.iso','PUSH','READY',0,NULL,NULL,7,'{"algorithm":"SHA256","digits":"80cfa3e7f28dde4df64436b652230aff28d7779116d1369c21ef2bbf37261d71"}','d3bdf209-463f-4f20-8396-96a03ab05560',NULL,NULL,NULL,NULL,0);
CREATE TABLE update_sessions (
	id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	login TEXT NOT NULL, 
	item TEXT NOT NULL, 
	content_version INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	progress INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	touched BIGINT NOT NULL, 
	ended BIGINT, 
	fault TEXT, 
	base TEXT, 
	storage TEXT NOT NULL, 
	ignored_warnings TEXT NOT NULL, 
	pulled BIGINT, 
	completing BOOLEAN NOT NULL, 
	CONSTRAINT pk_update_sessions PRIMARY KEY (id)
);
INSERT INTO "update_sessions" VALUES('c630534f-4661-4134-a5e5-82ef4c443df3','administrator@vsphere.local','d4953d2339f148050421d2fff7d5b0f39864831f61ebe865b6b6e212700e6e02','51a545a0-1092-4a02-bfc5-bec924ad54df',1,'DONE',100,1795900712851,1795900713016,1795900712999,NULL,NULL,'datastore-1','[]',NULL,0);
INSERT INTO "update_sessions" VALUES('11ec28ec-9e0e-43c0-ba6a-ad41f4004b3e','administrator@vsphere.local','d4953d2339f148050421d2fff7d5b0f39864831f61ebe865b6b6e212700e6e02','51a545a0-1092-4a02-bfc5-bec924ad54df',2,'DONE',100,1795900713035,1795900713145,1795900713143,NULL,'da526cbc-6bf2-4b6e-ad05-5d559d8d0805','datastore-1','[]',NULL,0);
INSERT INTO "update_sessions" VALUES('b270635b-240c-42de-9f69-d865496d6b52','administrator@vsphere.local','d4953d2339f148050421d2fff7d5b0f39864831f61ebe865b6b6e212700e6e02','ddcd07cd-720c-4171-857c-f8d7a50bb5de',1,'ACTIVE',0,1795900713161,1795900713248,NULL,NULL,NULL,'datastore-1','[]',NULL,0);
CREATE TABLE usages (
	id TEXT NOT NULL, 
	library TEXT NOT NULL, 
	urn TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	CONSTRAINT pk_usages PRIMARY KEY (id), 
	CONSTRAINT fk_usages_library FOREIGN KEY(library) REFERENCES libraries (id) ON DELETE CASCADE
);
CREATE TABLE users (
	name TEXT NOT NULL, 
	folded_name TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	CONSTRAINT pk_users PRIMARY KEY (folded_name)
);
INSERT INTO "users" VALUES('administrator@vsphere.local','administrator@vsphere.local','$argon2id$v=19$m=65536,t=3,p=4$ZIOOkQwumlUTJB7owsVvhw$xPqlxZwnieM8r1wdL+F6ysGhIwR+7tgMtgcQPGkg1CQ','["admin"]');
CREATE TABLE versions (
	id TEXT NOT NULL, 
	item TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	created BIGINT NOT NULL, 
	user TEXT NOT NULL, 
	message TEXT NOT NULL, 
	newer INTEGER NOT NULL, signature TEXT, superseded BIGINT, differences TEXT, since BIGINT, 
	CONSTRAINT pk_versions PRIMARY KEY (id)
);
INSERT INTO "versions" VALUES('da526cbc-6bf2-4b6e-ad05-5d559d8d0805','51a545a0-1092-4a02-bfc5-bec924ad54df',2,1795900712973,'administrator@vsphere.local','',1,NULL,1795900713140,'{"added":["a.iso"],"changed":[],"removed":[]}',1);
INSERT INTO "versions" VALUES('bea6ee44-e3cd-46fe-bad7-e4d4a5704cf4','51a545a0-1092-4a02-bfc5-bec924ad54df',3,1795900713140,'administrator@vsphere.local','',0,NULL,NULL,'{"added":[],"changed":["a.iso"],"removed":[]}',2);
INSERT INTO "versions" VALUES('0d4e12db-8234-47f3-953d-da3f7e807783','2d3c1b53-f1ce-46e6-85d7-bd20a2e93677',3,1795900714808,'','synchronized with the publisher',0,NULL,NULL,'{"added":["a.iso"],"changed":[],"removed":[]}',NULL);
CREATE INDEX ix_blobs_sha256_size ON blobs (sha256, size);
CREATE INDEX ix_blobs_unreferenced ON blobs (unreferenced) WHERE unreferenced IS NOT NULL;
CREATE INDEX ix_download_sessions_ended ON download_sessions (ended) WHERE ended IS NOT NULL;
CREATE INDEX ix_download_sessions_touched ON download_sessions (touched) WHERE state = 'ACTIVE';
CREATE INDEX ix_download_sessions_user_item ON download_sessions (user, item);
CREATE INDEX ix_download_sessions_version_id ON download_sessions (version_id) WHERE state = 'ACTIVE';
CREATE INDEX ix_tasks_ended ON tasks (ended);
CREATE INDEX ix_tasks_target ON tasks (target);
CREATE INDEX ix_tasks_due ON tasks (due) WHERE ended IS NULL;
CREATE INDEX ix_libraries_folded_name ON libraries (folded_name);
CREATE INDEX ix_logins_touched ON logins (touched);
CREATE INDEX ix_tokens_created ON tokens (created);
CREATE INDEX ix_update_sessions_base ON update_sessions (base) WHERE state = 'ACTIVE';
CREATE INDEX ix_update_sessions_ended ON update_sessions (ended) WHERE ended IS NOT NULL;
CREATE INDEX ix_update_sessions_pulled ON update_sessions (pulled) WHERE state = 'ACTIVE' AND pulled IS NOT NULL;
CREATE INDEX ix_update_sessions_touched ON update_sessions (touched) WHERE state = 'ACTIVE';
CREATE INDEX ix_update_sessions_user_item ON update_sessions (user, item);
CREATE UNIQUE INDEX ux_update_sessions_active ON update_sessions (item) WHERE state = 'ACTIVE';
CREATE INDEX ix_versions_newer ON versions (newer) WHERE newer > 0;
CREATE UNIQUE INDEX ux_versions_item_number ON versions (item, number);
CREATE INDEX ix_items_folded_name ON items (folded_name);
CREATE INDEX ix_items_folded_type ON items (folded_type);
CREATE INDEX ix_items_source ON items (source);
CREATE INDEX ix_items_version_id ON items (version_id);
CREATE INDEX ix_stored_files_blob ON stored_files (blob);
CREATE INDEX ix_update_files_blob ON update_files (blob);
CREATE INDEX ix_update_files_id ON update_files (id);
CREATE INDEX ix_libraries_deleted_until ON libraries (deleted_until) WHERE deleted_until IS NOT NULL;
CREATE INDEX ix_items_deleted_until ON items (deleted_until) WHERE deleted_until IS NOT NULL;
CREATE UNIQUE INDEX ux_items_library_folded_name ON items (library, folded_name) WHERE deleted IS NULL;
CREATE INDEX ix_offers_library_item ON offers (library, item);
CREATE INDEX ix_arrivals_blob ON arrivals (blob);
CREATE INDEX ix_arrivals_library ON arrivals (library);
CREATE INDEX ix_versions_superseded ON versions (superseded) WHERE newer > 0;
CREATE UNIQUE INDEX ux_usages_library_urn ON usages (library, urn);
CREATE INDEX ix_subscribers_library ON subscribers (library);
CREATE INDEX ix_items_library ON items (library, created, id);
COMMIT;
