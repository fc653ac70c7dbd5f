// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyCrypto
import Testing

@testable import LatchkeyAPI

struct SigningTests {
    private static let cases = [
        [
            "POST", "https://ssm.us-east-1.example/",
            "X-Amz-Target: AmazonSSM.DescribeInstanceInformation\nContent-Type: application/x-amz-json-1.1",
            #"{"MaxResults": 5, "Name": "Zoë"}"#, "",
        ],
        [
            "GET", "https://localhost:8443/v1/data-channel/sid?role=subscribe&stream=input", "User-Agent: x", "", "",
        ],
        [
            "GET", "https://localhost:8443/v1/data-channel/sid?stream=input&role=publish_subscribe", "", "",
            "IQoJb3JpZ2luX2VjEA+/=",
        ],
        ["POST", "https://h.example/a%20b/c%25d/e%2Ff/~g/é.h", "X-Custom:  a   b \nX-Amz-Meta: 1", "body", ""],
        ["GET", "https://h.example//a/./b/../c//?b=2&a=%2F&a=+x&a=&c&b=1&A=%7E", "", "", ""],
        ["PUT", "https://h.example/..", "", "", "token"],
        ["DELETE", "https://h.example", "x-b: 2\nX-A: 1", "", ""],
    ]

    @Test func `canonical requests and signatures are botocore's`() throws {
        for vector in try SigningVector.make(Self.cases) {
            let credentials = Credentials(
                accessKeyID: SigningVector.credentials.accessKeyID,
                secretAccessKey: SigningVector.credentials.secretAccessKey,
                sessionToken: vector.token
            )
            // botocore leaves a plus and what else is in a URL as it is; AWS's documents want it encoded.
            let isPlain = !vector.query.contains("+") && !vector.query.contains("&c&") && !vector.query.contains("%7E")
            let header = try SignatureHeader(of: vector.request)
            let canonical = try vector.request.canonical(signedHeaders: header.signedHeaders, service: "ssm")
            if isPlain {
                #expect(canonical == vector.canonical)
                // Headers that botocore adds after signing do not count, nor does its own signature.
                let signed = try vector.request.sign(
                    credentials,
                    region: "us-east-1",
                    service: "ssm",
                    date: SigningVector.date
                )
                #expect(signed.last?.value == vector.authorization && signed.last?.name == "Authorization")
                #expect(signed.contains { $0 == ("X-Amz-Date", "20150830T123600Z") })
                #expect(signed.contains { $0.name == "X-Amz-Security-Token" } == (vector.token != nil))
                try vector.request.verify(
                    header,
                    secretAccessKey: credentials.secretAccessKey,
                    now: SigningVector.date
                )
            } else {
                #expect(canonical.contains("\n/a/c/\nA=~&a=&a=%20x&a=%2F&b=1&b=2&c=\n"), "\(canonical)")
            }
        }
    }

    @Test func `HTTP's form of a date is written as it is read`() {
        let time = SigningTime(Date(timeIntervalSince1970: 1_440_938_160.9))
        #expect(time.httpText == "Sun, 30 Aug 2015 12:36:00 GMT")
        #expect(SigningTime(http: time.httpText) == time)
        #expect(SigningTime(Date(timeIntervalSince1970: 1_767_582_009)).httpText == "Mon, 05 Jan 2026 03:00:09 GMT")
    }

    @Test func `S3's paths are left as they are`() throws {
        let cases = [["GET", "https://b.example/a%20b//c/../d", "", "", ""]]
        let vector = try #require(try SigningVector.make(cases, service: "s3", signer: "S3SigV4Auth").first)
        let header = try SignatureHeader(of: vector.request)
        #expect(try vector.request.canonical(signedHeaders: header.signedHeaders, service: "s3") == vector.canonical)
        try vector.request.verify(
            header,
            secretAccessKey: SigningVector.credentials.secretAccessKey,
            now: SigningVector.date
        )
    }

    /// The example of AWS's documents: ListUsers, with its parts on the way.
    @Test func `the documented example comes out`() throws {
        let request = SignableRequest(
            method: "GET",
            path: "/",
            query: "Action=ListUsers&Version=2010-05-08",
            headers: [
                ("Host", "iam.amazonaws.com"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
            ],
            body: []
        )
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
        )
        let scope = SigningScope(day: "20150830", region: "us-east-1", service: "iam")
        let key = Hex.encode(scope.signingKey(secretAccessKey: credentials.secretAccessKey))
        #expect(key == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
        let signed = try request.sign(credentials, region: "us-east-1", service: "iam", date: SigningVector.date)
        #expect(
            signed.last?.value
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                + "SignedHeaders=content-type;host;x-amz-date, "
                + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        )
    }

    @Test func `signing again gives the same, and lists no header that may change`() throws {
        var request = SignableRequest(
            method: "POST",
            path: "/",
            headers: [("host", "h"), ("User-Agent", "a"), ("Connection", "close"), ("X-Amzn-Trace-Id", "1")],
            body: [1]
        )
        let credentials = Credentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T")
        let first = try request.sign(credentials, region: "r", service: "s", date: SigningVector.date)
        #expect(first.last?.value.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,") == true)
        request.headers += first
        let second = try request.sign(credentials, region: "r", service: "s", date: SigningVector.date)
        #expect(first.elementsEqual(second, by: ==))
    }

    @Test func `a request without a host is not signed`() {
        let request = SignableRequest(method: "GET", path: "/", headers: [], body: [])
        #expect(throws: SignatureFailure.malformed) {
            try request.sign(SigningVector.credentials, region: "r", service: "s", date: SigningVector.date)
        }
    }

    @Test func `a secret is in no description`() {
        let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "quiet")
        var text = "\(credentials) \(String(reflecting: credentials)) \(Optional(credentials) as Any)"
        dump(credentials, to: &text)
        #expect(!text.contains("hush") && !text.contains("quiet") && text.contains("AKID"))
    }

    @Test func `times are read in their own form only`() {
        let time = SigningTime(SigningVector.date)
        #expect(time.text == "20150830T123600Z" && time.day == "20150830")
        #expect(SigningTime(basic: "20150830T123600Z") == time)
        #expect(SigningTime(Date(timeIntervalSince1970: -0.5)).text == "19691231T235959Z")
        for text in ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00 -0000"] {
            #expect(SigningTime(http: text) == time)
        }
        for wrong in [
            "", "20150830T123600", "20150830T123600z", "20150230T123600Z", "20151330T123600Z", "20150830T240000Z",
            "20150830T123660Z", "2015083 T123600Z", "+0150830T123600Z", "20150830 123600Z", "20150830T123600Z ",
            "２0150830T123600Z",
        ] { #expect(SigningTime(basic: wrong) == nil, "\(wrong)") }
        for wrong in [
            "", "Sun, 30 Aug 2015 12:36:00", "Sun, 30 Aug 2015 12:36:00 CET", "Sun, 31 Feb 2015 12:36:00 GMT",
            "Sun, 1 Aug 2015 12:36:00 GMT", "Sun 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36 GMT",
            "20150830T123600Z",
        ] { #expect(SigningTime(http: wrong) == nil, "\(wrong)") }
    }
}
