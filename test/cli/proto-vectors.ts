/** .proto files, and what protoc of grpcio-tools 1.85.1 makes of them by --include_imports --descriptor_set_out, in base64. */
export const protoTexts: Readonly<Record<string, string>> = {
  'common.proto': `syntax = "proto3";
package common;
message Money {
  int64 cents = 1;
  enum Kind { option allow_alias = true; NONE = 0; NIL = 0; }
  Kind kind = 2;
}
`,
  'two.proto': `syntax = "proto2";
package acme.two; // two
import "google/protobuf/timestamp.proto";
import public "common.proto";
message Outer {
  required int32 a = 1 [json_name = "AA"];
  repeated int32 packed_ones = 2 [packed = true];
  repeated int32 plain = 3;
  optional group FooBar = 5 { optional string shelf = 1; optional Inner i = 2; message Inner { optional int32 z = 1; } }
  repeated group Rep = 14 { optional int32 u = 1; }
  oneof choice { string x = 6; Outer m = 7; }
  map<string, Outer> by_id_2 = 8;
  map<int32, E> kinds = 9;
  extensions 100 to 200;
  optional .acme.two.Outer self = 10 [deprecated = true];
  enum E { A = 0; B = -1; }
  optional E e = 11 [default = B];
  message N { optional E e = 1; optional N n = 2; repeated X.Y xy = 3; enum E { Q = 3; } }
  optional google.protobuf.Timestamp when = 12;
  optional common.Money other = 13;
  optional string _lead = 15;
  optional string trail_ = 16;
  optional string two__x_3y = 17;
}
extend Outer { optional int32 ext = 100; }
message X { message Y { optional Outer.E e = 1; } extend Outer { optional string inside = 101; } }
service S { rpc R (Outer) returns (Outer); }
`,
  'three.proto': `syntax = "proto3";
message C {
  optional int32 a = 1;
  repeated int32 r = 2 [packed = false];
  map<int32, string> m = 3;
  oneof z { int32 q = 4; string w = 7; }
  optional string s = 5;
  enum K { U = 0; }
  K k = 6;
  repeated K ks = 8;
  reserved 10 to 20;
  reserved "gone";
  bytes b = 21;
}
`,
  'edition.proto': `/* edition = "2024"; */
edition = "2023";
package e;
option features.field_presence = IMPLICIT;
message Q {
  int32 a = 1 [features.field_presence = EXPLICIT];
  repeated int32 r = 2 [features.repeated_field_encoding = EXPANDED];
  Q d = 3 [features.message_encoding = DELIMITED];
  int32 k = 4 [features = { field_presence: LEGACY_REQUIRED }];
  message I { int32 z = 1; C c = 2 [features.field_presence = EXPLICIT]; string t = 3 [features.utf8_validation = NONE]; }
  map<string, I> m = 5;
}
enum C { option features.enum_type = CLOSED; X = 1; }
`,
}

export const protocDescriptors = [
  'Cv8BCh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvEg9nb29nbGUucHJvdG9idWYiOwoJVGltZXN0YW1wEhgKB3NlY29uZHMYASABKANSB3Nl',
  'Y29uZHMSFAoFbmFub3MYAiABKAVSBW5hbm9zQoUBChNjb20uZ29vZ2xlLnByb3RvYnVmQg5UaW1lc3RhbXBQcm90b1ABWjJnb29nbGUuZ29sYW5nLm9y',
  'Zy9wcm90b2J1Zi90eXBlcy9rbm93bi90aW1lc3RhbXBwYvgBAaICA0dQQqoCHkdvb2dsZS5Qcm90b2J1Zi5XZWxsS25vd25UeXBlc2IGcHJvdG8zCoQB',
  'Cgxjb21tb24ucHJvdG8SBmNvbW1vbiJkCgVNb25leRIUCgVjZW50cxgBIAEoA1IFY2VudHMSJgoEa2luZBgCIAEoDjISLmNvbW1vbi5Nb25leS5LaW5k',
  'UgRraW5kIh0KBEtpbmQSCAoETk9ORRAAEgcKA05JTBAAGgIQAWIGcHJvdG8zCsUJCgl0d28ucHJvdG8SCGFjbWUudHdvGh9nb29nbGUvcHJvdG9idWYv',
  'dGltZXN0YW1wLnByb3RvGgxjb21tb24ucHJvdG8i2QcKBU91dGVyEg0KAWEYASACKAVSAkFBEiMKC3BhY2tlZF9vbmVzGAIgAygFQgIQAVIKcGFja2Vk',
  'T25lcxIUCgVwbGFpbhgDIAMoBVIFcGxhaW4SLgoGZm9vYmFyGAUgASgKMhYuYWNtZS50d28uT3V0ZXIuRm9vQmFyUgZmb29iYXISJQoDcmVwGA4gAygK',
  'MhMuYWNtZS50d28uT3V0ZXIuUmVwUgNyZXASDgoBeBgGIAEoCUgAUgF4Eh8KAW0YByABKAsyDy5hY21lLnR3by5PdXRlckgAUgFtEjIKB2J5X2lkXzIY',
  'CCADKAsyGi5hY21lLnR3by5PdXRlci5CeUlkMkVudHJ5UgVieUlkMhIwCgVraW5kcxgJIAMoCzIaLmFjbWUudHdvLk91dGVyLktpbmRzRW50cnlSBWtp',
  'bmRzEicKBHNlbGYYCiABKAsyDy5hY21lLnR3by5PdXRlckICGAFSBHNlbGYSIgoBZRgLIAEoDjIRLmFjbWUudHdvLk91dGVyLkU6AUJSAWUSLgoEd2hl',
  'bhgMIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBSBHdoZW4SIwoFb3RoZXIYDSABKAsyDS5jb21tb24uTW9uZXlSBW90aGVyEhMKBV9sZWFk',
  'GA8gASgJUgRMZWFkEhUKBnRyYWlsXxgQIAEoCVIFdHJhaWwSGQoJdHdvX194XzN5GBEgASgJUgZ0d29YM3kaYQoGRm9vQmFyEhQKBXNoZWxmGAEgASgJ',
  'UgVzaGVsZhIqCgFpGAIgASgLMhwuYWNtZS50d28uT3V0ZXIuRm9vQmFyLklubmVyUgFpGhUKBUlubmVyEgwKAXoYASABKAVSAXoaEwoDUmVwEgwKAXUY',
  'ASABKAVSAXUaSQoKQnlJZDJFbnRyeRIQCgNrZXkYASABKAlSA2tleRIlCgV2YWx1ZRgCIAEoCzIPLmFjbWUudHdvLk91dGVyUgV2YWx1ZToCOAEaSwoK',
  'S2luZHNFbnRyeRIQCgNrZXkYASABKAVSA2tleRInCgV2YWx1ZRgCIAEoDjIRLmFjbWUudHdvLk91dGVyLkVSBXZhbHVlOgI4ARpyCgFOEiEKAWUYASAB',
  'KA4yEy5hY21lLnR3by5PdXRlci5OLkVSAWUSHwoBbhgCIAEoCzIRLmFjbWUudHdvLk91dGVyLk5SAW4SHQoCeHkYAyADKAsyDS5hY21lLnR3by5YLllS',
  'Anh5IgoKAUUSBQoBURADIhoKAUUSBQoBQRAAEg4KAUIQ////////////ASoFCGQQyQFCCAoGY2hvaWNlIlIKAVgaJAoBWRIfCgFlGAEgASgOMhEuYWNt',
  'ZS50d28uT3V0ZXIuRVIBZTInCgZpbnNpZGUSDy5hY21lLnR3by5PdXRlchhlIAEoCVIGaW5zaWRlMioKAVMSJQoBUhIPLmFjbWUudHdvLk91dGVyGg8u',
  'YWNtZS50d28uT3V0ZXI6IQoDZXh0Eg8uYWNtZS50d28uT3V0ZXIYZCABKAVSA2V4dFABCqMCCgt0aHJlZS5wcm90byKLAgoBQxIRCgFhGAEgASgFSAFS',
  'AWGIAQESEAoBchgCIAMoBUICEABSAXISFwoBbRgDIAMoCzIJLkMuTUVudHJ5UgFtEg4KAXEYBCABKAVIAFIBcRIOCgF3GAcgASgJSABSAXcSEQoBcxgF',
  'IAEoCUgCUgFziAEBEhIKAWsYBiABKA4yBC5DLktSAWsSFAoCa3MYCCADKA4yBC5DLktSAmtzEgwKAWIYFSABKAxSAWIaNAoGTUVudHJ5EhAKA2tleRgB',
  'IAEoBVIDa2V5EhQKBXZhbHVlGAIgASgJUgV2YWx1ZToCOAEiCgoBSxIFCgFVEABCAwoBekIECgJfYUIECgJfc0oECAoQFVIEZ29uZWIGcHJvdG8zCrQC',
  'Cg1lZGl0aW9uLnByb3RvEgFlIvkBCgFREhMKAWEYASABKAVCBaoBAggBUgFhEhMKAXIYAiADKAVCBaoBAhgCUgFyEhkKAWQYAyABKAsyBC5lLlFCBaoB',
  'AigCUgFkEhMKAWsYBCABKAVCBaoBAggDUgFrEhkKAW0YBSADKAsyCy5lLlEuTUVudHJ5UgFtGkEKAUkSDAoBehgBIAEoBVIBehIZCgFjGAIgASgOMgQu',
  'ZS5DQgWqAQIIAVIBYxITCgF0GAMgASgJQgWqAQIgA1IBdBo8CgZNRW50cnkSEAoDa2V5GAEgASgJUgNrZXkSHAoFdmFsdWUYAiABKAsyBi5lLlEuSVIF',
  'dmFsdWU6AjgBKhAKAUMSBQoBWBABGgQ6AhACQgWSAwIIAmIIZWRpdGlvbnNw6Ac=',
].join('')
